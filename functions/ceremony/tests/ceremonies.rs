//! What the function for ceremonies performs, and what it refuses.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what does not go well fails the test"
)]

use std::sync::Arc;

use authority::AuditTrail;
use aws::{Clients, Environment, Function, Invocation, InvocationError};
use ca::{AuthorityName, KeyHandle};
use cloud::{Cloud, KeySpec};
use issuing::{Ceremony, Hierarchy, IssuerPlan, Issuers, StatusUrl};
use jiff::SignedDuration;
use serde_json::{Value, json, value::to_raw_value};
use store::AuditRecord;

const CEREMONIES: [&str; 3] = ["add-issuer", "revoke-issuer", "roll-over-issuer"];

#[tokio::test]
async fn everything_that_the_root_signs_is_performed_and_nothing_else() {
    let ca = Ca::start().await;
    let names = ca.actions().await;
    assert!(names.len() > CEREMONIES.len());
    for name in names {
        let reason = ca.ask(None, json!({ "action": name })).await.map_or_else(
            |reason| reason,
            |answer| {
                assert_eq!((name.as_str(), &answer), ("ceremony-function", &json!({ "function": null })));
                String::new()
            },
        );
        let is_refused = reason.starts_with(&format!("the root has no part in `{name}`"));
        let is_performed = CEREMONIES.contains(&name.as_str()) || name == "ceremony-function";
        assert_eq!(is_refused, !is_performed, "{name}: {reason}");
        if CEREMONIES.contains(&name.as_str()) {
            assert!(reason.starts_with(&format!("the request for `{name}` cannot be read")), "{reason}");
        }
        if is_refused {
            assert!(reason.contains("Invoke the admin function for it"), "{reason}");
        }
    }
}

#[tokio::test]
async fn a_principal_that_may_invoke_it_has_the_role_and_the_record_says_that_it_is_proven() {
    let ca = Ca::start().await;
    for (alias, claimed, recorded) in [
        (None, Some("alice"), "alice (as claimed), in the role ceremony (proven)"),
        (None, None, "an invoker of the function, in the role ceremony (proven)"),
        // Made by a principal with the right to change the function; it leads to the same acts.
        (Some("ours"), Some("bob"), "bob (as claimed), in the role ceremony (proven)"),
    ] {
        let id = format!("further-{}", ca.records().await.len());
        let issuer = json!({ "id": id, "name": id, "key": ca.cloud.create_key(KeySpec::EccNistP256) });
        let mut request = json!({ "action": "add-issuer", "issuer": issuer });
        if let Some(claimed) = claimed {
            request["actor"] = claimed.into();
        }
        ca.ask(alias, request).await.unwrap();
        let records = ca.records().await;
        assert_eq!((records[0].action.as_str(), records[0].actor.as_str()), ("issuer add", recorded));
    }
    let nameless = json!({ "action": "add-issuer", "actor": "", "issuer": {} });
    assert_eq!(ca.ask(None, nameless).await.unwrap_err(), "actor should be a text of 1 to 256 octets");
}

/// A CA that `bootstrap` made.
struct Ca {
    ceremony: Invocation,
    clients: Clients,
    cloud: Cloud,
}

impl Ca {
    async fn start() -> Self {
        let cloud = Cloud::start();
        cloud.create_table("acme");
        cloud.create_bucket("status");
        let queue = cloud.create_queue("crl");
        let variables =
            [("TABLE_NAME", "acme"), ("PUBLISH_CRL_QUEUE_URL", queue.as_str()), ("STATUS_BUCKET", "status")];
        let environment: Environment = variables.into_iter().collect();
        let clients = Clients::new(&cloud.sdk_config("CeremonyFunction"), &environment).unwrap();
        let issuers = Arc::new(Issuers::new(clients.issuer_store(), clients.clock(), clients.remembered()));
        let plan = |id: &str| IssuerPlan {
            id: id.parse().unwrap(),
            subject: AuthorityName::new(id.to_owned(), None).unwrap(),
            key: KeyHandle::new(cloud.create_key(KeySpec::EccNistP256)),
            lifetime: SignedDuration::from_hours(24 * 365),
            crl_shards: 1,
        };
        Ceremony::new(issuers, clients.issuer_store(), clients.signer(), StatusUrl::default(), clients.clock())
            .ensure(&Hierarchy { root: plan("root"), issuing: plan("issuing") })
            .await
            .unwrap();
        Self { ceremony: ceremony::lambda::open(&clients).unwrap(), clients, cloud }
    }

    async fn ask(&self, alias: Option<&str>, request: Value) -> Result<Value, String> {
        match self.ceremony.invoke_through(alias, &to_raw_value(&request).unwrap()).await {
            Ok(answer) => Ok(serde_json::from_str(answer.get()).unwrap()),
            Err(InvocationError::Failed(reason)) => Err(reason),
            Err(other) => panic!("{other}"),
        }
    }

    /// The names of all actions, as the refusal of an unknown one lists them.
    async fn actions(&self) -> Vec<String> {
        let refused = self.ask(None, json!({ "action": "none" })).await.unwrap_err();
        let (_, names) = refused.split_once("there are ").unwrap();
        names.split(", ").map(str::to_owned).collect()
    }

    /// The newest audit records.
    async fn records(&self) -> Vec<AuditRecord> {
        let trail = AuditTrail::new(self.clients.audit_store(), self.clients.clock());
        trail.page(None, 100).await.unwrap().items
    }
}
