//! DNSSEC at the face of the CA, by a resolver that validates: what it finds broken is not issued,
//! and the operator sees what it said.

use host::Config;
use serde_json::{Value, json};
use store::{DnsResolver, Dnssec};
use tests::{
    Environment, SignedZones,
    client::{Client, Key, csr},
};

use crate::HOST;

/// A profile whose resolver is that of the signed zones, and validates.
fn validating(zones: &SignedZones) -> impl FnOnce(&mut Config) {
    let address = zones.address;
    move |config| {
        let profile = &mut config.acme_profiles[0];
        profile.dns_resolver = Some(DnsResolver { address: address.ip(), port: address.port() });
        profile.dnssec = Some(Dnssec::Resolver);
    }
}

/// The timeline of an order, as one text.
async fn explained(environment: &Environment, client: &Client, order: &str) -> String {
    let id = |url: &str| url.rsplit('/').next().unwrap().to_owned();
    let subject = json!({"order": {"account": id(client.account()), "order": id(order)}});
    let explanation = environment.act(json!({"action": "explain", "subject": subject})).await.unwrap();
    explanation["timeline"].to_string()
}

#[tokio::test]
async fn a_name_of_a_signed_zone_is_certified_and_one_of_a_forged_zone_is_not() {
    let Some(zones) = SignedZones::start("").await.unwrap() else { return };
    let environment = HOST.configured(validating(&zones)).await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            for (name, says) in [
                ("signed.test", "the resolver found every answer authentic (DNSSEC)"),
                ("unsigned.test", "an answer is from a zone without signatures (DNSSEC)"),
            ] {
                let order = client.ready_order(&[name]).await;
                client.finalize(&order, &csr(&[name], &Key::p256())).await.expect(200);
                let timeline = explained(&environment, &client, &order).await;
                assert!(timeline.contains(&format!("DNS for {name}: {says}")), "{timeline}");
            }
        })
        .await;
    let client = environment.directory("default").client().await;
    let problem = refused(&client, "forged.test").await;
    assert_eq!(problem["type"], "urn:ietf:params:acme:error:dns", "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("which validates DNSSEC, answered SERVFAIL"), "{detail}");
}

/// The error of the challenge of a name that is not validated.
async fn refused(client: &Client, name: &str) -> Value {
    let order = client.order(&[name]).await;
    let url = client.read(&order).await.json()["authorizations"][0].as_str().unwrap().to_owned();
    let object = client.read(&url).await.json();
    let of_http = |object: &Value| {
        let challenges = object["challenges"].as_array().unwrap();
        challenges.iter().find(|challenge| challenge["type"] == "http-01").unwrap().clone()
    };
    let challenge = of_http(&object);
    client.provision(&object, &challenge);
    client.post(challenge["url"].as_str().unwrap(), &json!({})).await.expect(200);
    of_http(&client.wait(&url, "invalid").await)["error"].clone()
}

/// What was shown through a resolver that was not asked to validate counts only until the profile
/// demands more.
#[tokio::test]
async fn what_was_shown_without_dnssec_is_shown_again() {
    let Some(zones) = SignedZones::start("").await.unwrap() else { return };
    let environment = HOST.start().await;
    let client = environment.directory("default").client().await;
    let ready = client.ready_order(&["signed.test"]).await;
    let environment = environment.restarted(validating(&zones)).await;
    let refused =
        client.finalize(&ready, &csr(&["signed.test"], &Key::p256())).await.refused(400, "rejectedIdentifier");
    assert!(refused["detail"].as_str().unwrap().contains("resolver validated the answers of DNS"), "{refused}");
    let order = client.order(&["signed.test"]).await;
    assert_eq!(client.read(&order).await.json()["status"], "pending");
    client.authorize(&order).await;
    let again = client.order(&["signed.test"]).await;
    assert_eq!(client.read(&again).await.json()["status"], "ready", "it is reused");
    drop(environment);
}
