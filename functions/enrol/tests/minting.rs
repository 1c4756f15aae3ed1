//! Who mints which keys, and who does not.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what does not go well fails the test"
)]

use std::{
    io,
    sync::{Arc, LazyLock, Mutex},
};

use authority::AuditTrail;
use aws::{Clients, Environment, Function, Invocation};
use cloud::{Cloud, Fault, FaultKind};
use jiff::SignedDuration;
use jose::base64url;
use operator::{EnrolmentGrants, EnrolmentTerms, ExternalAccountSecrets};
use serde_json::{Value, json, value::to_raw_value};
use store::{ExternalAccountKey, ExternalAccountStore};
use tracing_subscriber::{Layer, Registry, filter::filter_fn, fmt, layer::SubscriberExt};

const ROLE: &str = "arn:aws:iam::123456789012:role/web";
const SESSION: &str = "arn:aws:sts::123456789012:assumed-role/web/i-0123456789abcdef0";

#[tokio::test]
async fn a_role_with_a_grant_mints_a_key_on_its_terms_and_the_records_say_that_it_is_proven() {
    let ca = Ca::start().await;
    ca.grant(ROLE, "web", &[".web.example", "10.0.0.0/8"], 600).await;
    let (status, key) = ca.post(&event(SESSION)).await;
    assert_eq!(status, 201, "{key}");
    let [stored] = ca.keys().await.try_into().unwrap();
    assert_eq!(key["kid"], stored.id.to_string());
    assert_eq!(key["expires"], stored.expires_at.to_string());
    assert_eq!(key["directory"], "https://ca.example/api/v1/protocols/acme/web/directory");
    let secret = ra::mac_key(ca.clients.external_account_store().as_ref(), stored.id).await.unwrap();
    assert_eq!(key["hmacKey"], base64url::encode(&secret));

    assert_eq!(stored.expires_at.duration_since(stored.created_at), SignedDuration::from_secs(600));
    assert_eq!(stored.max_accounts, Some(1), "it is used once");
    assert_eq!(stored.profile.map(|profile| profile.to_string()).as_deref(), Some("web"));
    let scope: Vec<String> = stored.scope.iter().map(ToString::to_string).collect();
    assert_eq!(scope, [".web.example", "10.0.0.0/8"]);
    let proven = format!("{SESSION} (proven)");
    assert_eq!(stored.minted_by, proven);
    let records = ca.clients.audit_store().audit(None, 9).await.unwrap().items;
    let record = records.iter().find(|record| record.action == "eab mint").unwrap();
    assert_eq!((&record.actor, &record.subject), (&proven, &stored.id.to_string()));
}

#[tokio::test]
async fn only_the_caller_whom_iam_has_proven_decides() {
    let ca = Ca::start().await;
    ca.grant(ROLE, "web", &[".web.example"], 600).await;
    let before = ca.cloud.items("acme");
    let mut refused: Vec<Value> = [
        "arn:aws:sts::210987654321:assumed-role/web/i-0123456789abcdef0",
        "arn:aws-cn:sts::123456789012:assumed-role/web/i-0123456789abcdef0",
        "arn:aws:sts::123456789012:assumed-role/web2/web",
        "arn:aws:sts::123456789012:assumed-role/we/web",
        "arn:aws:sts::123456789012:federated-user/web",
        "arn:aws:iam::123456789012:user/web",
        "arn:aws:iam::123456789012:root",
        // A caller is a session, not a role.
        ROLE,
        "",
    ]
    .map(event)
    .into();
    let mut claims = event("arn:aws:sts::123456789012:assumed-role/other/one");
    for (member, claim) in [
        ("headers", json!({"x-amzn-iam-user-arn": SESSION, "authorization": SESSION})),
        ("body", json!({"principal": ROLE, "userArn": SESSION}).to_string().into()),
        ("queryStringParameters", json!({"userArn": SESSION, "principal": ROLE, "profile": "web"})),
        ("userArn", SESSION.into()),
    ] {
        claims[member] = claim;
    }
    claims["requestContext"]["accountId"] = "123456789012".into();
    refused.push(claims);
    let mut elsewhere = event(SESSION);
    elsewhere["queryStringParameters"] = json!({"profile": "default"});
    refused.push(elsewhere);
    for authorizer in [json!(null), json!({}), json!({"iam": null}), json!({"jwt": {"claims": {"sub": SESSION}}})] {
        let mut unproven = event(SESSION);
        unproven["requestContext"]["authorizer"] = authorizer;
        refused.push(unproven);
    }
    for event in refused {
        let (status, problem) = ca.post(&event).await;
        assert_eq!((status, problem["status"].as_u64()), (403, Some(403)), "{event}");
        assert_eq!(problem["type"], "urn:ietf:params:acme:error:unauthorized", "{event}");
    }
    assert_eq!(ca.cloud.items("acme"), before, "nothing was written");
}

#[tokio::test]
async fn a_grant_that_was_revoked_mints_nothing_until_it_is_given_again() {
    let ca = Ca::start().await;
    ca.grant(ROLE, "web", &[".web.example"], 600).await;
    assert_eq!(ca.post(&event(SESSION)).await.0, 201);
    ca.grants().revoke("tests", &ROLE.parse().unwrap(), &"web".parse().unwrap()).await.unwrap();
    let before = ca.cloud.items("acme");
    assert_eq!(ca.post(&event(SESSION)).await.0, 403);
    assert_eq!(ca.cloud.items("acme"), before, "nothing was written");
    let [key] = ca.keys().await.try_into().unwrap();
    assert!(!key.revoked, "what was minted before lives until it expires");
    ca.grant(ROLE, "web", &[".web.example"], 600).await;
    assert_eq!(ca.post(&event(SESSION)).await.0, 201);
}

#[tokio::test]
async fn who_has_grants_for_several_profiles_names_one() {
    let ca = Ca::start().await;
    ca.grant(ROLE, "web", &[".web.example"], 600).await;
    ca.grant(ROLE, "internal", &[".corp.example"], 60).await;
    let (status, problem) = ca.post(&event(SESSION)).await;
    assert_eq!((status, &problem["type"]), (400, &json!("urn:ietf:params:acme:error:malformed")), "{problem}");
    assert_eq!(problem["detail"], "there are grants for internal, web; name one of these profiles");
    for (profile, scope) in [("web", ".web.example"), ("internal", ".corp.example")] {
        let mut named = event(SESSION);
        named["queryStringParameters"] = json!({ "profile": profile });
        let (status, minted) = ca.post(&named).await;
        assert_eq!(status, 201, "{minted}");
        let key = ca.keys().await.into_iter().find(|key| minted["kid"] == key.id.to_string()).unwrap();
        assert_eq!(key.profile.unwrap().to_string(), profile);
        assert_eq!(key.scope[0].to_string(), scope);
    }
    let mut nameless = event(SESSION);
    nameless["queryStringParameters"] = json!({ "profile": "no profile" });
    assert_eq!(ca.post(&nameless).await.0, 400);
}

#[tokio::test]
async fn only_a_post_mints() {
    let ca = Ca::start().await;
    ca.grant(ROLE, "web", &[".web.example"], 600).await;
    for method in ["GET", "HEAD", "PUT", "post", ""] {
        let mut event = event(SESSION);
        event["requestContext"]["http"]["method"] = method.into();
        assert_eq!(ca.post(&event).await.0, 405, "{method}");
    }
    assert_eq!(ca.post(&json!({})).await.0, 400, "that is no event of a function URL");
    assert!(ca.keys().await.is_empty());
}

#[tokio::test]
async fn a_failure_is_a_problem_document_and_not_an_error_of_the_function() {
    let ca = Ca::start().await;
    ca.grant(ROLE, "web", &[".web.example"], 600).await;
    let fault = ca.cloud.inject(Fault::new(FaultKind::Unavailable).of("EnrolFunction").always());
    let (status, problem) = ca.post(&event(SESSION)).await;
    assert_eq!((status, &problem["type"]), (500, &json!("urn:ietf:params:acme:error:serverInternal")));
    assert!(!problem.to_string().contains("DynamoDB"), "{problem}");
    ca.cloud.remove(&fault);
}

#[tokio::test]
async fn the_secret_of_a_key_is_in_the_answer_and_nowhere_else() {
    let ca = Ca::start().await;
    ca.grant(ROLE, "web", &[".web.example"], 600).await;
    let (status, key) = ca.post(&event(SESSION)).await;
    assert_eq!(status, 201);
    let logged = String::from_utf8(LOG.0.lock().unwrap().clone()).unwrap();
    let (id, secret) = (key["kid"].as_str().unwrap(), key["hmacKey"].as_str().unwrap());
    let minted = logged.lines().find(|line| line.contains(id));
    assert!(minted.is_some_and(|line| line.contains(SESSION)), "{logged}");
    let octets = format!("{:?}", base64url::decode(secret).unwrap());
    let stored = serde_json::to_string(&ca.cloud.items("acme")).unwrap();
    for text in [logged, stored] {
        assert!(!text.contains(secret) && !text.contains(octets.trim_matches(['[', ']'])), "{text}");
    }
}

/// A CA with a function that mints keys.
struct Ca {
    cloud: Cloud,
    clients: Clients,
    function: Invocation,
}

impl Ca {
    async fn start() -> Self {
        LazyLock::force(&LOG);
        let cloud = Cloud::start();
        cloud.create_table("acme");
        let variables = [("TABLE_NAME", "acme"), ("ACME_BASE_URL", "https://ca.example/api")];
        let environment: Environment = variables.into_iter().collect();
        let clients = Clients::new(&cloud.sdk_config("tests"), &environment).unwrap();
        ExternalAccountSecrets::new(clients.external_account_store(), clients.clock()).ensure().await.unwrap();
        let own = Clients::new(&cloud.sdk_config("EnrolFunction"), &environment).unwrap();
        Self { function: enrol::lambda::open(&own).unwrap(), cloud, clients }
    }

    fn grants(&self) -> EnrolmentGrants {
        let audit = Arc::new(AuditTrail::new(self.clients.audit_store(), self.clients.clock()));
        EnrolmentGrants::new(self.clients.grant_store(), audit, self.clients.clock())
    }

    async fn grant(&self, principal: &str, profile: &str, scope: &[&str], key_seconds: u32) {
        let scope = scope.iter().map(|rule| rule.parse().unwrap()).collect();
        let (principal, profile) = (principal.parse().unwrap(), profile.parse().unwrap());
        self.grants().grant("tests", EnrolmentTerms { principal, profile, scope, key_seconds }).await.unwrap();
    }

    /// The status and the body of the answer to an event.
    async fn post(&self, event: &Value) -> (u64, Value) {
        let answer = self.function.invoke(&to_raw_value(event).unwrap()).await.unwrap();
        let answer: Value = serde_json::from_str(answer.get()).unwrap();
        assert_eq!(answer["headers"]["cache-control"], "no-store");
        (answer["statusCode"].as_u64().unwrap(), serde_json::from_str(answer["body"].as_str().unwrap()).unwrap())
    }

    /// The keys, oldest first.
    async fn keys(&self) -> Vec<ExternalAccountKey> {
        let store: Arc<dyn ExternalAccountStore> = self.clients.external_account_store();
        store.external_account_keys(None, 9).await.unwrap().items.into_iter().map(|key| key.value).collect()
    }
}

/// The event of a POST by this caller.
fn event(caller: &str) -> Value {
    let text = include_str!("../../../events/enrol.json");
    let mut event: Value = serde_json::from_str(text).unwrap();
    event["requestContext"]["authorizer"]["iam"]["userArn"] = caller.into();
    event
}

/// What the function logs in all tests of this program. Only the subscriber of the whole process
/// sees each line: one of a single task misses those that another task was the first to reach.
static LOG: LazyLock<Lines> = LazyLock::new(|| {
    let lines = Lines::default();
    let writer = lines.clone();
    // What the function may log: its own crates at every level, and nothing of the clients of AWS,
    // which `aws` keeps to `info`.
    let own = filter_fn(|line| !["aws_", "hyper", "h2"].iter().any(|other| line.target().starts_with(other)));
    let log = Registry::default().with(fmt::layer().with_writer(move || writer.clone()).with_filter(own));
    tracing::subscriber::set_global_default(log).unwrap();
    lines
});

/// A log that can be read.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
