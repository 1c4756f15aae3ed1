//! Profiles that demand several networks of a CA that has one: closed, and said clearly.

use serde_json::json;
use store::Perspectives;
use tests::client::challenge;

use crate::HOST;

#[tokio::test]
async fn a_ca_without_perspectives_validates_nothing_for_a_profile_that_demands_them() {
    let environment =
        HOST.configured(|config| config.acme_profiles[0].perspectives = Some(Perspectives::Enforce)).await;
    let client = environment.directory("default").client().await;
    let order = client.order(&["a.test"]).await;
    let url = client.read(&order).await.json()["authorizations"][0].as_str().unwrap().to_owned();
    let object = client.read(&url).await.json();
    let http_01 = challenge(&object, "http-01");
    client.provision(&object, &http_01);
    client.post(http_01["url"].as_str().unwrap(), &json!({})).await.expect(200);
    let tried = client.wait_until(&url, |object| !challenge(object, "http-01")["error"].is_null()).await;
    let error = challenge(&tried, "http-01")["error"].clone();
    assert_eq!(error["type"], "urn:ietf:params:acme:error:serverInternal", "{error}");
    assert!(error["detail"].as_str().unwrap().ends_with("Tell its operator."), "{error}");

    let findings = environment.act(json!({"action": "doctor"})).await.unwrap();
    let found = findings.as_array().unwrap().iter().find(|finding| finding["check"] == "perspectives").unwrap();
    assert!(found["seen"].as_str().unwrap().starts_with("0 for default"), "{found}");
    assert!(found["remedy"].as_str().unwrap().contains("these profiles validate nothing"), "{found}");
}
