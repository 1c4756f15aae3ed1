//! The switches for testing clients work as described, and are off by default.

use std::time::{Duration, Instant};

use instant_acme::OrderStatus;

use crate::{
    acme::{self, Client, RETRIES},
    process::Server,
    site::Site,
};

#[tokio::test]
async fn good_nonces_are_refused_in_the_share_that_is_asked_for() {
    let all = Server::start(&["--nonce-refusals", "100"]).await;
    for _ in 0..5 {
        let refused = acme::new_account(&all, &acme::nonce(&all).await).await;
        assert_eq!(refused.json()["type"], "urn:ietf:params:acme:error:badNonce");
    }
    let some = Server::start(&["--nonce-refusals", "50"]).await;
    let none = Server::start(&[]).await;
    let (mut refused, mut taken) = (0, 0);
    // By chance alone this fails once in 2⁴⁰ runs.
    for _ in 0..40 {
        assert_eq!(acme::new_account(&none, &acme::nonce(&none).await).await.status, 201);
        match acme::new_account(&some, &acme::nonce(&some).await).await.status {
            201 => taken += 1,
            _ => refused += 1,
        }
    }
    assert!(refused > 0 && taken > 0, "{refused} refused, {taken} taken");
}

#[tokio::test]
async fn validations_wait_for_as_long_as_is_asked_for() {
    let site = Site::start().await;
    let port = site.port.to_string();
    let server = Server::start(&["--validation-delay", "0.7", "--http-port", &port]).await;
    let client = Client::register(&server).await;
    let mut order = client.order("localhost").await;
    let began = Instant::now();
    acme::begin(&mut order, Some(&site)).await;
    assert_eq!(order.refresh().await.unwrap().status, OrderStatus::Pending);
    assert_eq!(order.poll_ready(&RETRIES).await.unwrap(), OrderStatus::Ready);
    assert!(began.elapsed() >= Duration::from_millis(700), "{:?}", began.elapsed());
}

#[tokio::test]
async fn every_challenge_is_taken_as_met_only_when_that_is_asked_for() {
    let lax = Server::start(&["--always-valid"]).await;
    let (_, chain) = Client::register(&lax).await.obtain("no-such-host.test", None).await;
    assert!(chain.contains("BEGIN CERTIFICATE"));

    let site = Site::start().await;
    let port = site.port.to_string();
    let strict = Server::start(&["--http-port", &port, "--always-valid=false"]).await;
    let mut order = Client::register(&strict).await.order("localhost").await;
    // The site answers that it has no key authorization, which is final.
    acme::begin(&mut order, None).await;
    let status = order.poll_ready(&RETRIES).await;
    assert!(!matches!(status, Ok(OrderStatus::Ready)), "{status:?}");
}

#[tokio::test]
async fn a_page_of_orders_is_as_long_as_is_asked_for() {
    let server = Server::start(&["--orders-per-page", "2"]).await;
    let client = Client::register(&server).await;
    for name in ["a.test", "b.test", "c.test"] {
        client.order(name).await;
    }
    let mut url = format!("{}/orders", client.account.id());
    let mut pages = Vec::new();
    loop {
        let reply = client.post(&server, &url, &acme::nonce(&server).await, "").await;
        pages.push(reply.json()["orders"].as_array().map(Vec::len).unwrap());
        let next = reply.header("link").and_then(|links| links.split(',').find(|link| link.contains("rel=\"next\"")));
        let Some(next) = next else { break };
        url = next.split_once('<').unwrap().1.split_once('>').unwrap().0.to_owned();
    }
    assert_eq!(pages, [2, 1]);
}
