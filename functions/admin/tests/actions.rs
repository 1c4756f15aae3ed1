//! What an operator can ask, as Lambda hears it.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what does not go well fails the test"
)]

use aws::{Environment, Function, Invocation, InvocationError};
use cloud::Cloud;
use ra::Needs;
use serde_json::{Value, json, value::to_raw_value};

fn environment() -> (Cloud, Environment) {
    let cloud = Cloud::start();
    cloud.create_table("acme");
    (cloud, [("TABLE_NAME", "acme")].into_iter().collect())
}

async fn act((cloud, environment): &(Cloud, Environment), request: Value) -> Result<Value, String> {
    let function =
        Invocation::new(&cloud.sdk_config("AdminFunction"), environment, admin::NEEDS, |authority, request| {
            Box::pin(async move { Ok(admin::act(authority, request).await?) })
        });
    invoke(&function.unwrap(), request).await
}

/// What a host does at its start.
async fn prepare((cloud, environment): &(Cloud, Environment)) {
    let config = cloud.sdk_config("BootstrapFunction");
    let function = Invocation::new(&config, environment, Needs::STORE, |authority, _| {
        Box::pin(async move {
            authority.ensure_nonce_secrets().await?;
            authority.ensure_external_account_secret().await?;
            Ok(Value::Null)
        })
    });
    invoke(&function.unwrap(), Value::Null).await.unwrap();
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
async fn a_key_of_an_external_account_is_shown_once_and_its_secret_is_stored_nowhere() {
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
async fn what_is_no_request_is_refused_with_what_would_be_one() {
    let here = environment();
    prepare(&here).await;
    let stored = here.0.items("acme").len();
    for request in [
        json!({}),
        json!("status"),
        json!({ "action": "drop-table" }),
        json!({ "action": "status", "verbose": true }),
        json!({ "action": "mint-external-account-key", "days": "7" }),
        json!({ "action": "mint-external-account-key", "hours": 7 }),
    ] {
        let reason = act(&here, request.clone()).await.unwrap_err();
        assert!(reason.contains("mint-external-account-key"), "{request}: {reason}");
    }
    for days in [0, 3_651] {
        let reason = act(&here, json!({ "action": "mint-external-account-key", "days": days })).await.unwrap_err();
        assert_eq!(reason, "days should be a whole number from 1 to 3650");
    }
    assert_eq!(here.0.items("acme").len(), stored);
}
