//! What an operator can ask the Lambda function.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what does not go well fails the test"
)]

use aws::{Clients, Environment, Function, Invocation, InvocationError};
use cloud::Cloud;
use operator::ExternalAccountSecrets;
use ra::NonceSecretRotation;
use serde_json::{Value, json, value::to_raw_value};

fn environment() -> (Cloud, Environment) {
    deployed("true")
}

/// A function whose stack was deployed with this parameter `Open`.
fn deployed(open: &str) -> (Cloud, Environment) {
    let cloud = Cloud::start();
    cloud.create_table("acme");
    let variables = [
        ("TABLE_NAME", "acme"),
        ("PUBLISH_CRL_QUEUE_URL", "https://sqs.test/crl"),
        ("CEREMONY_FUNCTION", "arn:aws:lambda:eu-west-1:123456789012:function:acme-CeremonyFunction-1A2B"),
        ("OPEN", open),
    ];
    (cloud, variables.into_iter().collect())
}

async fn act((cloud, environment): &(Cloud, Environment), request: Value) -> Result<Value, String> {
    let clients = Clients::new(&cloud.sdk_config("AdminFunction"), environment).unwrap();
    invoke(&admin::lambda::open(&clients).unwrap(), request).await
}

/// Does what a host does when it starts.
async fn prepare((cloud, environment): &(Cloud, Environment)) {
    let config = cloud.sdk_config("BootstrapFunction");
    let clients = Clients::new(&config, environment).unwrap();
    NonceSecretRotation::new(clients.nonce_store(), clients.clock()).ensure().await.unwrap();
    ExternalAccountSecrets::new(clients.external_account_store(), clients.clock()).ensure().await.unwrap();
}

async fn invoke(function: &Invocation, request: Value) -> Result<Value, String> {
    match function.invoke(&to_raw_value(&request).unwrap()).await {
        Ok(answer) => Ok(serde_json::from_str(answer.get()).unwrap()),
        Err(InvocationError::Failed(reason)) => Err(reason),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn the_status_of_an_empty_table_says_what_is_missing() {
    let here = environment();
    let status = act(&here, json!({ "action": "status" })).await.unwrap();
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!((&status["issuers"], &status["acmeProfiles"]), (&json!([]), &json!(0)));
    assert_eq!((&status["nonceSecretMadeAt"], &status["externalAccounts"]), (&Value::Null, &json!(false)));
    prepare(&here).await;
    let status = act(&here, json!({ "action": "status" })).await.unwrap();
    assert!(status["nonceSecretMadeAt"].is_string());
    assert_eq!(status["externalAccounts"], true);
    let profiles = act(&here, json!({ "action": "profiles" })).await.unwrap();
    assert_eq!(profiles, json!({ "acmeProfile": [], "raProfile": [] }));
}

#[tokio::test]
async fn no_external_account_key_begins_with_a_hyphen() {
    let here = environment();
    prepare(&here).await;
    // One text in sixty-four does, unless that is prevented.
    for _ in 0..500 {
        let minted = act(&here, json!({ "action": "mint-external-account-key" })).await.unwrap();
        for member in ["key", "keyIdentifier"] {
            assert!(!minted[member].as_str().unwrap().starts_with('-'), "{minted}");
        }
    }
}

#[tokio::test]
async fn a_external_account_key_is_shown_once_and_its_secret_is_stored_nowhere() {
    let here = environment();
    prepare(&here).await;
    let request = json!({ "action": "mint-external-account-key", "days": 7 });
    let first = act(&here, request.clone()).await.unwrap();
    let second = act(&here, request).await.unwrap();
    assert_ne!(first["keyIdentifier"], second["keyIdentifier"]);
    assert_ne!(first["key"], second["key"]);
    assert_eq!(first["key"].as_str().unwrap().len(), 43, "32 octets in base64url");
    assert!(first["expiresAt"].is_string());
    let stored = serde_json::to_string(&here.0.items("acme")).unwrap();
    assert!(stored.contains(first["keyIdentifier"].as_str().unwrap()));
    assert!(!stored.contains(first["key"].as_str().unwrap()));
}

#[tokio::test]
async fn a_key_is_listed_with_its_terms_until_it_is_taken_back_and_both_acts_are_recorded() {
    let here = environment();
    prepare(&here).await;
    let request = json!({
        "action": "mint-external-account-key", "label": "web team", "scope": [".example.com"], "accounts": null,
        "actor": "arn:aws:iam::123456789012:user/alice",
    });
    let minted = act(&here, request).await.unwrap();
    let listed = act(&here, json!({ "action": "external-account-keys" })).await.unwrap();
    let key = &listed["items"][0];
    assert_eq!((&key["id"], &key["state"]), (&minted["keyIdentifier"], &json!("usable")));
    assert_eq!(
        (&key["scope"], &key["maxAccounts"], &key["label"]),
        (&json!([".example.com"]), &Value::Null, &json!("web team"))
    );
    assert!(!listed.to_string().contains(minted["key"].as_str().unwrap()));
    let revoked = act(&here, json!({ "action": "revoke-external-account-key", "id": key["id"] })).await.unwrap();
    assert_eq!(revoked["state"], "revoked");
    let unknown = json!({ "action": "revoke-external-account-key", "id": "0".repeat(26) });
    assert!(act(&here, unknown).await.is_err());
    let audit = act(&here, json!({ "action": "audit" })).await.unwrap();
    let acts: Vec<_> = audit["items"].as_array().unwrap().iter().map(|act| act["action"].as_str().unwrap()).collect();
    assert_eq!(acts, ["eab revoke", "eab mint"], "newest first");
    assert_eq!(audit["items"][1]["actor"], "arn:aws:iam::123456789012:user/alice (as claimed)");
    assert_eq!(audit["items"][1]["subject"], minted["keyIdentifier"]);
}

#[tokio::test]
async fn a_rotated_key_is_followed_by_one_with_its_terms_and_ends_at_once_or_after_the_overlap() {
    let here = environment();
    prepare(&here).await;
    let mint = json!({
        "action": "mint-external-account-key", "label": "web team", "scope": [".example.com"], "accounts": 3, "days": 90,
    });
    for (overlap, state) in [(0, "revoked"), (7, "usable")] {
        let old = act(&here, mint.clone()).await.unwrap();
        let id = &old["keyIdentifier"];
        let rotate = json!({ "action": "rotate-external-account-key", "id": id, "overlapDays": overlap });
        let new = act(&here, rotate).await.unwrap();
        assert!(new["key"] != old["key"] && new["keyIdentifier"] != *id);
        let listed = act(&here, json!({ "action": "external-account-keys" })).await.unwrap();
        let one = |id: &Value| listed["items"].as_array().unwrap().iter().find(|key| key["id"] == *id).unwrap().clone();
        let (before, after) = (one(id), one(&new["keyIdentifier"]));
        assert_eq!((&before["state"], &after["state"]), (&json!(state), &json!("usable")));
        for term in ["label", "scope", "maxAccounts", "profile"] {
            assert_eq!(before[term], after[term], "{term}");
        }
        assert_eq!(after["expiresAt"], new["expiresAt"]);
        assert!(before["expiresAt"].as_str() < old["expiresAt"].as_str(), "it ends sooner than it would have");
        let stored = serde_json::to_string(&here.0.items("acme")).unwrap();
        assert!(!stored.contains(new["key"].as_str().unwrap()), "the secret is stored nowhere");
        let audit = act(&here, json!({ "action": "audit", "filter": { "action": "eab rotate" } })).await.unwrap();
        assert_eq!(audit["items"][0]["subject"], *id);
        assert_eq!(audit["items"][0]["detail"]["newKey"], new["keyIdentifier"]);
    }
    let unknown = json!({ "action": "rotate-external-account-key", "id": "0".repeat(26) });
    assert!(act(&here, unknown).await.is_err());
    let long = json!({ "action": "rotate-external-account-key", "id": "0".repeat(26), "overlapDays": 3651 });
    assert!(act(&here, long).await.unwrap_err().contains("overlapDays should be"));
}

#[tokio::test]
async fn the_record_is_filtered_by_who_did_what_to_what_and_when() {
    let here = environment();
    prepare(&here).await;
    for (actor, label) in [("alice", "one"), ("bob", "two"), ("alice", "three")] {
        let request = json!({ "action": "mint-external-account-key", "label": label, "actor": actor });
        act(&here, request).await.unwrap();
    }
    let block = json!({ "action": "block-key", "key": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "actor": "bob" });
    act(&here, block).await.unwrap();
    let count = async |filter: Value| {
        let request = json!({ "action": "audit", "filter": filter });
        act(&here, request).await.unwrap()["items"].as_array().unwrap().len()
    };
    for (filter, expected) in [
        (json!({}), 4),
        (json!({ "actor": "alice" }), 2),
        (json!({ "actor": "bob", "action": "key" }), 1),
        (json!({ "action": "eab" }), 3),
        (json!({ "subject": "NzbLsXh8" }), 1),
        (json!({ "subject": "unknown" }), 0),
        (json!({ "since": "2020-01-01T00:00:00Z" }), 4),
        (json!({ "until": "2020-01-01T00:00:00Z" }), 0),
        (json!({ "since": "2100-01-01T00:00:00Z" }), 0),
    ] {
        assert_eq!(count(filter.clone()).await, expected, "{filter}");
    }
    let mut found = Vec::new();
    let mut before = Value::Null;
    loop {
        let request = json!({ "action": "audit", "filter": { "action": "eab" }, "limit": 1, "before": before });
        let page = act(&here, request).await.unwrap();
        found.extend(page["items"].as_array().unwrap().iter().map(|act| act["detail"]["label"].clone()));
        before = page["next"].clone();
        if before.is_null() {
            break;
        }
    }
    assert_eq!(found, ["three", "two", "one"], "page by page, newest first");
    let wrong = json!({ "action": "audit", "filter": { "who": "alice" } });
    assert!(act(&here, wrong).await.unwrap_err().contains("unknown field `who`"));
}

#[tokio::test]
async fn n14_no_profile_lets_strangers_register_unless_the_stack_was_opened() {
    let request = |name: &str, bound: bool| {
        let profile = json!({ "name": name, "externalAccountRequired": bound });
        json!({ "action": "apply-profiles", "profiles": { "acmeProfile": [profile] } })
    };
    for closed in ["", "false"] {
        let here = deployed(closed);
        let refused = act(&here, request("web", false)).await.unwrap_err();
        assert!(refused.contains("anyone could register") && refused.contains("the parameter Open"), "{refused}");
        act(&here, request("web", true)).await.unwrap();
        act(&here, request("web", false)).await.unwrap_err();
    }
    let here = deployed("true");
    act(&here, request("web", false)).await.unwrap();
    let findings = act(&here, json!({ "action": "doctor" })).await.unwrap();
    assert!(findings.to_string().contains("anyone may register in web, which others reach"), "{findings}");
}

#[tokio::test]
async fn profiles_that_are_refused_change_nothing_and_the_refusal_names_the_field() {
    let here = environment();
    prepare(&here).await;
    let good = json!({ "acmeProfile": [{ "name": "web" }] });
    let applied = act(&here, json!({ "action": "apply-profiles", "profiles": good })).await.unwrap();
    assert_eq!((&applied["applied"], &applied["differences"][0]["path"]), (&json!(true), &json!("acmeProfile.web")));
    let again = act(&here, json!({ "action": "apply-profiles", "profiles": good })).await.unwrap();
    assert_eq!(again["differences"], json!([]), "the same again changes nothing");
    let stored = act(&here, json!({ "action": "profiles" })).await.unwrap();
    for (profile, expected) in [
        (json!({ "name": "web", "validty": 1 }), "acmeProfile.web.validty: unknown field"),
        (json!({ "name": "web", "raProfile": "x" }), "acmeProfile.web.raProfile: there is no RA Profile `x`"),
        (
            json!({ "name": "web", "preApproved": [{ "rule": ".a.test" }] }),
            "acmeProfile.web.preApproved: needs externalAccountRequired",
        ),
        (json!({ "name": "raProfile" }), "acmeProfile.raProfile"),
    ] {
        let set = json!({ "acmeProfile": [{ "name": "new" }, profile] });
        let reason = act(&here, json!({ "action": "apply-profiles", "profiles": set })).await.unwrap_err();
        assert!(reason.starts_with(expected), "{reason}");
        assert_eq!(act(&here, json!({ "action": "profiles" })).await.unwrap(), stored);
    }
    let page = json!({ "action": "list-profiles", "kind": "acmeProfile", "after": "a", "limit": 1 });
    let page = act(&here, page).await.unwrap();
    assert_eq!((&page["items"][0]["name"], &page["more"]), (&json!("web"), &json!(false)));
    let stale = json!({ "action": "apply-profiles", "profiles": { "acmeProfile": [{ "name": "new" }] }, "shown": [] });
    assert!(act(&here, stale).await.unwrap_err().contains("changed in the meantime"));
    let gone = act(&here, json!({ "action": "delete-profile", "kind": "acmeProfile", "name": "web" })).await.unwrap();
    assert_eq!(gone["applied"], true);
    let exact = json!({ "action": "apply-profiles", "profiles": {}, "exact": true });
    assert_eq!(act(&here, exact).await.unwrap()["differences"], json!([]), "nothing is left");
}

#[tokio::test]
async fn the_doctor_says_what_is_missing_and_what_to_do() {
    let here = environment();
    let findings = act(&here, json!({ "action": "doctor" })).await.unwrap();
    let bad: Vec<_> = findings.as_array().unwrap().iter().filter(|finding| finding["verdict"] == "bad").collect();
    assert!(bad.iter().any(|finding| finding["check"] == "nonce secret"), "{bad:?}");
    assert!(bad.iter().all(|finding| finding["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty())), "{bad:?}");
}

#[tokio::test]
async fn what_is_no_request_is_refused_with_what_would_be_one() {
    let here = environment();
    prepare(&here).await;
    let stored = here.0.items("acme").len();
    for (request, expected) in [
        (json!({}), "a request needs an action and its members, such as {\"action\": \"status\"}"),
        (json!("status"), "a request needs an action and its members, such as {\"action\": \"status\"}"),
        (json!({ "action": 1 }), "a request needs an action and its members, such as {\"action\": \"status\"}"),
        (json!({ "action": "drop-table" }), "there is no action `drop-table`; there are status, doctor, "),
        (
            json!({ "action": "status", "verbose": true }),
            "the request for `status` cannot be read: unknown field `verbose`",
        ),
        (
            json!({ "action": "mint-external-account-key", "days": "7" }),
            "the request for `mint-external-account-key` cannot be read: invalid type: string \"7\"",
        ),
        (
            json!({ "action": "mint-external-account-key", "hours": 7 }),
            "the request for `mint-external-account-key` cannot be read: unknown field `hours`, expected one of `days`",
        ),
    ] {
        let reason = act(&here, request.clone()).await.unwrap_err();
        assert!(reason.starts_with(expected), "{request}: {reason}");
    }
    for (members, expected) in [
        (json!({ "days": 0 }), "days should be a whole number from 1 to 3650"),
        (json!({ "days": 3_651 }), "days should be a whole number from 1 to 3650"),
        (json!({ "accounts": 0 }), "accounts should be a whole number from 1, or null for unlimited"),
        (json!({ "label": "x".repeat(201) }), "label should have at most 200 octets"),
        (json!({ "profile": "web" }), "there is no acmeProfile `web`"),
        (json!({ "actor": "" }), "actor should be a text of 1 to 256 octets"),
    ] {
        let mut request = json!({ "action": "mint-external-account-key" });
        request.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        assert_eq!(act(&here, request).await.unwrap_err(), expected);
    }
    assert_eq!(here.0.items("acme").len(), stored);
}

#[tokio::test]
async fn enrolment_is_granted_on_terms_listed_and_revoked() {
    let here = environment();
    let role = "arn:aws:iam::123456789012:role/web";
    let grant = |members: Value| {
        let mut request = json!({
            "action": "grant-enrolment", "principal": "arn:aws:iam::123456789012:role/team/web", "profile": "web",
            "scope": [".web.example"], "actor": "alice",
        });
        request.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        request
    };
    let refused = act(&here, grant(json!({}))).await.unwrap_err();
    assert_eq!(refused, "there is no acmeProfile `web`");
    let web = json!({ "acmeProfile": [{ "name": "web" }] });
    act(&here, json!({ "action": "apply-profiles", "profiles": web })).await.unwrap();
    for wrong in [json!({"scope": []}), json!({"minutes": 0}), json!({"minutes": 1_441})] {
        let refused = act(&here, grant(wrong.clone())).await.unwrap_err();
        assert!(refused.starts_with("a grant needs at least one rule as its scope"), "{wrong}: {refused}");
    }
    for wrong in ["arn:aws:iam::123456789012:role/*", "arn:aws:sts::123456789012:assumed-role/web/one", "web", "*"] {
        let refused = act(&here, grant(json!({ "principal": wrong }))).await.unwrap_err();
        assert!(refused.contains("a principal is the ARN of a role or a user of IAM"), "{wrong}: {refused}");
    }
    let granted = act(&here, grant(json!({}))).await.unwrap();
    assert_eq!((&granted["principal"], &granted["minutes"]), (&json!(role), &json!(60)), "without the path");
    assert_eq!(granted["grantedBy"], "alice (as claimed)");
    let longer = act(&here, grant(json!({ "minutes": 1_440 }))).await.unwrap();
    assert_eq!(act(&here, json!({ "action": "enrolments" })).await.unwrap(), json!([longer]), "it was replaced");

    let revoke = json!({ "action": "revoke-enrolment", "principal": role, "profile": "web" });
    let revoked = act(&here, revoke.clone()).await.unwrap();
    assert!(revoked["revokedAt"].is_string(), "{revoked}");
    assert_eq!(act(&here, revoke).await.unwrap(), revoked, "once is enough");
    let unknown = json!({ "action": "revoke-enrolment", "principal": role, "profile": "default" });
    assert_eq!(act(&here, unknown).await.unwrap_err(), "no such resource");
    let records = act(&here, json!({ "action": "audit", "filter": { "action": "enrolment" } })).await.unwrap();
    let of_act = |name: &str| {
        let items = records["items"].as_array().unwrap().iter();
        items.filter(|record| record["action"] == name && record["subject"] == role).count()
    };
    assert_eq!((of_act("enrolment grant"), of_act("enrolment revoke")), (2, 1), "{records}");
}
