//! What a restart keeps, after a stop in good order and after `kill -9`.

use instant_acme::OrderStatus;

use crate::{
    acme::{self, Client, RETRIES},
    http,
    process::Server,
    site::Site,
};

#[tokio::test]
async fn accounts_orders_certificates_and_the_root_outlive_stop_and_kill() {
    for signal in ["TERM", "KILL"] {
        let arguments = ["--always-valid"];
        let server = Server::start(&arguments).await;
        let client = Client::register(&server).await;
        let account = client.account.id().to_owned();
        let (order, chain) = client.obtain("www.test", None).await;
        let open = client.order("open.test").await.url().to_owned();
        let root = server.banner["root"].clone();

        let server = server.restarted(signal, &arguments).await;
        assert_eq!(server.banner["root"], root, "{signal}");
        let client = Client::returning(&server, client.pkcs8).await;
        assert_eq!(client.account.id(), account);
        let mut kept = client.account.order(order.url().to_owned()).await.unwrap();
        assert_eq!(kept.state().status, OrderStatus::Valid);
        assert_eq!(kept.certificate().await.unwrap().unwrap(), chain);

        let mut open = client.account.order(open).await.unwrap();
        assert_eq!(open.state().status, OrderStatus::Pending);
        acme::begin(&mut open, None).await;
        assert_eq!(open.poll_ready(&RETRIES).await.unwrap(), OrderStatus::Ready);
    }
}

#[tokio::test]
async fn a_validation_that_was_killed_settles_after_the_restart() {
    let site = Site::start().await;
    let port = site.port.to_string();
    let arguments = ["--http-port", &port];
    let server = Server::start(&arguments).await;
    let client = Client::register(&server).await;
    let mut order = client.order("localhost").await;
    site.set_speaks(false);
    acme::begin(&mut order, Some(&site)).await;
    site.asked.notified().await;

    let server = server.restarted("KILL", &arguments).await;
    site.set_speaks(true);
    // No request is sent: the CA continues by itself.
    site.asked.notified().await;
    let client = Client::returning(&server, client.pkcs8).await;
    let mut order = client.account.order(order.url().to_owned()).await.unwrap();
    assert_eq!(order.poll_ready(&RETRIES).await.unwrap(), OrderStatus::Ready);
    order.finalize().await.unwrap();
    assert!(order.poll_certificate(&RETRIES).await.unwrap().contains("BEGIN CERTIFICATE"));
}

#[tokio::test]
async fn nonces_from_before_a_kill_are_refused_with_a_fresh_one_and_those_from_before_a_stop_are_good() {
    let server = Server::start(&[]).await;
    let (used, kept) = (acme::nonce(&server).await, acme::nonce(&server).await);
    assert_eq!(acme::new_account(&server, &used).await.status, 201);

    let server = server.restarted("TERM", &[]).await;
    assert_eq!(acme::new_account(&server, &used).await.status, 400, "a used nonce stays used");
    assert_eq!(acme::new_account(&server, &kept).await.status, 201);

    let before = acme::nonce(&server).await;
    let server = server.restarted("KILL", &[]).await;
    let refused = acme::new_account(&server, &before).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["type"], "urn:ietf:params:acme:error:badNonce");
    let fresh = refused.header("replay-nonce").unwrap();
    assert_eq!(acme::new_account(&server, fresh).await.status, 201);
    assert_eq!(http::get(&server, server.directory()).await.status, 200);
}
