//! What the host says about itself, and what ends it.

use crate::{
    http::{self, get_status},
    process::Server,
};

#[tokio::test]
async fn a_host_that_can_write_and_sign_and_has_good_crls_is_ready() {
    let server = Server::start(&[]).await;
    let ready = get_status(&server, "/ready").await;
    assert_eq!((ready.status, ready.body.as_ref()), (200, &b"ready\n"[..]));
    assert_eq!(http::request_status(&server, "POST", "/ready").await.status, 405);
}

#[tokio::test]
async fn sighup_ends_nothing() {
    let server = Server::start(&[]).await;
    server.signal("HUP").await;
    server.logged("SIGHUP is ignored").await;
    assert_eq!(http::get(&server, server.directory()).await.status, 200);
    server.signal("TERM").await;
    assert_eq!(server.ended().await.0, Some(0));
}
