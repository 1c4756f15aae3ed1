//! The probes against the challenge server: each challenge type, and each way in which it can fail.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "validation/address.rs"]
mod address;
#[path = "validation/caa.rs"]
mod caa;
#[path = "validation/caa_opinion.rs"]
mod caa_opinion;
#[path = "validation/dns_01.rs"]
mod dns_01;
#[path = "validation/dnssec.rs"]
mod dnssec;
#[path = "validation/http_01.rs"]
mod http_01;
#[path = "validation/http_01_redirect.rs"]
mod http_01_redirect;
#[path = "validation/management.rs"]
mod management;
#[path = "validation/tls_alpn_01.rs"]
mod tls_alpn_01;

use std::time::Duration;

use acme::{ChallengeToken, ChallengeType, Identifier, IdentifierObject, KeyAuthorization, ProblemType};
use tests::challenge_server::{ChallengeServer, Page, well_known};
use validation::{CaaTerms, Failure, Probe, Rules, probe};

/// A challenge server and a challenge.
struct Scene {
    server: ChallengeServer,
    token: ChallengeToken,
    key_authorization: KeyAuthorization,
    rules: Rules,
    caa: Option<CaaTerms>,
}

impl Scene {
    async fn new() -> Self {
        let server = ChallengeServer::start().await;
        let token = ChallengeToken::from_random([7; 32]);
        let key_authorization = key_authorization(&token, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        let rules = server.rules();
        Self { server, token, key_authorization, rules, caa: None }
    }

    /// The same with short limits, for servers that are slow on purpose.
    async fn in_a_hurry() -> Self {
        let mut scene = Self::new().await;
        scene.rules.timeout = Duration::from_millis(500);
        scene
    }

    fn set_page(&self, page: Page) {
        self.server.web.set(&well_known(self.token.as_str()), page);
    }

    async fn probe(&self, challenge: ChallengeType, name: &str) -> Result<acme::Observation, Failure> {
        let r#type = if name.parse::<std::net::IpAddr>().is_ok() { "ip" } else { "dns" };
        let object = IdentifierObject { r#type: r#type.to_owned(), value: name.to_owned() };
        let question = Probe {
            challenge,
            identifier: Identifier::try_from(object).unwrap(),
            token: self.token.clone(),
            key_authorization: self.key_authorization.clone(),
            rules: self.rules.clone(),
            caa: self.caa.clone(),
        };
        probe(&question).await
    }

    /// The failure of a probe that must not succeed.
    async fn failure(&self, challenge: ChallengeType, name: &str) -> Failure {
        self.probe(challenge, name).await.expect_err("the probe succeeded")
    }
}

fn key_authorization(token: &ChallengeToken, thumbprint: &str) -> KeyAuthorization {
    KeyAuthorization::new(token, &thumbprint.parse().unwrap())
}

/// Checks the type of the failure and that its text contains `detail`.
#[track_caller]
fn assert_failure(failure: &Failure, r#type: ProblemType, may_heal: bool, detail: &str) {
    assert_eq!((failure.problem.r#type, failure.may_heal), (r#type, may_heal), "{failure}");
    assert!(failure.problem.detail.contains(detail), "{failure}\ndoes not say\n{detail}");
}
