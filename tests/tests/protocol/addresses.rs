//! Where validation connects to (N8): never to an address that the profile does not allow, and the
//! client can read why, unless a redirect led there.

use host::Config;
use serde_json::{Value, json};
use tests::{
    Directory, Environment,
    challenge_server::{Page, well_known},
    client::{Client, challenge, strings},
};

use crate::HOST;

#[tokio::test]
async fn n8_a_name_of_an_address_that_is_not_allowed_is_not_contacted_and_challenge_and_order_say_why() {
    let environment = narrow().await;
    environment
        .on_both_families(async |ca| {
            for (name, address) in [
                ("metadata.test", "169.254.169.254"),
                ("private.test", "10.0.0.1"),
                ("mapped.test", "::ffff:127.0.0.1"),
                ("neighbour.test", "127.0.0.2"),
            ] {
                ca.challenges.dns.set_addresses(name, &[address]);
                for way in ["http-01", "tls-alpn-01"] {
                    let seen = ca.challenges.web.requests().len();
                    refused(&ca, &ca.client().await, name, way, None, address).await;
                    assert_eq!(ca.challenges.web.requests().len(), seen);
                }
            }
            ca.client().await.obtain(&["allowed.test"]).await;
        })
        .await;
}

#[tokio::test]
async fn n8_a_redirect_to_an_address_that_is_not_allowed_is_not_followed() {
    let environment = narrow().await;
    environment
        .on_both_families(async |ca| {
            for target in ["http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://127.0.0.2/"] {
                let address = target.trim_start_matches("http:").trim_matches('/').split('/').next().unwrap();
                let address = address.trim_matches(['[', ']']);
                refused(&ca, &ca.client().await, "a.test", "http-01", Some(Page::redirect(target)), address).await;
            }
        })
        .await;
}

#[tokio::test]
async fn n8_an_address_as_an_identifier_is_subject_to_the_same_rule() {
    let environment = narrow().await;
    environment
        .on_both_families(async |ca| {
            refused(&ca, &ca.client().await, "10.0.0.1", "http-01", None, "10.0.0.1").await;
        })
        .await;
}

/// A CA that may validate at one special address besides the public Internet.
async fn narrow() -> Environment {
    HOST.configured(|config: &mut Config| {
        config.acme_profiles[0].allowed_networks = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await
}

/// Orders the name and starts a validation, which must be refused because of the address.
async fn refused(ca: &Directory<'_>, client: &Client, name: &str, way: &str, page: Option<Page>, address: &str) {
    let order = client.new_order(&[name]).await.expect(201);
    let authorization = strings(&order.json()["authorizations"]).remove(0);
    let object = client.read(&authorization).await.expect(200).json();
    let started = challenge(&object, way);
    let is_redirected = page.is_some();
    if let Some(page) = page {
        ca.challenges.web.set(&well_known(started["token"].as_str().unwrap()), page);
    }
    let url = started["url"].as_str().unwrap();
    client.post(url, &json!({})).await.expect(200);
    let settled = client.wait(url, "invalid").await;
    let order = client.read(&order.location()).await.expect(200).json();
    assert_eq!(order["status"], "invalid");
    for told in [&settled["error"], &order["error"]] {
        assert_eq!(told["type"], "urn:ietf:params:acme:error:unauthorized", "{told}");
        // Where a redirect leads was read from the target, which is for the operator alone.
        let says_why = detail(told).contains("Not connecting to") && detail(told).contains(address);
        assert_eq!(says_why, !is_redirected, "{told}");
    }
    let id = authorization.rsplit('/').next().unwrap().parse().unwrap();
    let stored = ca.store().authorization(client.account_id().parse().unwrap(), id).await.unwrap().unwrap();
    let attempt = stored.challenge(way.parse().unwrap()).unwrap().attempts.last().unwrap().whole();
    assert!(attempt.detail.contains("Not connecting to") && attempt.detail.contains(address), "{attempt:?}");
}

fn detail(problem: &Value) -> &str {
    problem["detail"].as_str().unwrap()
}
