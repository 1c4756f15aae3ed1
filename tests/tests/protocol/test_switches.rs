//! Deliberate faults, as test CAs offer them for CI.

use std::time::Duration;

use serde_json::json;
use tests::client::{Client, Key, csr};
use tokio::time::Instant;

use crate::{
    HOST,
    topics::order_lists::{pages, urls_of},
};

#[tokio::test]
async fn a_share_of_good_nonces_is_refused_each_with_a_new_one_in_the_answer() {
    let environment = HOST.configured(|config| config.test.nonce_refusals = 50).await;
    environment
        .on_both_families(async |ca| {
            let client = patiently_registered(ca.stranger().await).await;
            let mut refused = 0;
            for _ in 0..100 {
                let reply = client.read(client.account()).await;
                if reply.status != 200 {
                    reply.refused(400, "badNonce");
                    assert!(reply.header("replay-nonce").is_some());
                    refused += 1;
                }
            }
            assert!((20..80).contains(&refused), "{refused} of 100");
        })
        .await;
}

#[tokio::test]
async fn every_challenge_can_be_accepted_without_validation() {
    let environment = HOST.configured(|config| config.test.always_valid = true).await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            client.challenges().dns.set_addresses("nowhere.test", &[]);
            let order = client.order(&["nowhere.test"]).await;
            let authorization = client.read(&order).await.json()["authorizations"][0].as_str().unwrap().to_owned();
            let object = client.read(&authorization).await.json();
            client.post(object["challenges"][0]["url"].as_str().unwrap(), &json!({})).await.expect(200);
            client.wait(&authorization, "valid").await;
            client.finish(order, &["nowhere.test"], Key::p256()).await;
        })
        .await;
}

#[tokio::test]
async fn n16_after_a_restart_without_the_switch_nothing_counts_that_was_accepted_without_validation() {
    let environment = HOST.configured(|config| config.test.always_valid = true).await;
    let client = environment.directory("default").client().await;
    let ready = client.ready_order(&["a.test"]).await;
    let issued = client.obtain(&["a.test"]).await;
    let other = environment.directory("default").client().await;
    other.ready_order(&["a.test"]).await;

    let environment = environment.restarted(|config| config.test.always_valid = false).await;
    let refused = client.finalize(&ready, &csr(&["a.test"], &Key::p256())).await.refused(400, "rejectedIdentifier");
    assert!(refused["detail"].as_str().unwrap().contains("a test switch was on"), "{refused}");
    other.revoke(&issued, 4).await.refused(403, "unauthorized");
    let order = client.order(&["a.test"]).await;
    assert_eq!(client.read(&order).await.json()["status"], "pending", "it has to be shown now");
    client.obtain(&["a.test"]).await;
    other.obtain(&["a.test"]).await;
    other.revoke(&issued, 4).await.expect(200);
    drop(environment);
}

#[tokio::test]
async fn validations_can_be_delayed() {
    let delay = Duration::from_millis(400);
    let environment = HOST.configured(|config| config.test.validation_delay = delay).await;
    environment
        .on_both_families(async |ca| {
            let began = Instant::now();
            ca.client().await.ready_order(&["a.test"]).await;
            assert!(began.elapsed() >= delay);
        })
        .await;
}

#[tokio::test]
async fn pages_can_be_short() {
    let environment = HOST.configured(|config| config.test.orders_per_page = Some(3)).await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            for number in 0..7 {
                client.order(&[&format!("order-{number}.test")]).await;
            }
            assert_eq!(pages(&client, &urls_of(&client)).await, [3, 3, 1]);
        })
        .await;
}

/// Registers an account, although nonces are refused.
async fn patiently_registered(client: Client) -> Client {
    loop {
        let reply = client.new_account(&json!({})).await;
        if [200, 201].contains(&reply.status) {
            return client.with_kid(&reply.location());
        }
        reply.refused(400, "badNonce");
    }
}
