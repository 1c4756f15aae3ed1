//! Places and descriptors that run short.

use std::time::Duration;

use instant_acme::OrderStatus;
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, net::TcpStream, process::Command, time::timeout};

use crate::{
    acme::{self, Client, RETRIES},
    http,
    process::{Server, command},
    site::Site,
};

#[tokio::test]
async fn idle_connections_make_room_for_a_client_that_asks() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let serve = command(&data);
    let mut limited = Command::new("prlimit");
    limited.env_remove("RUST_LOG").arg("--nofile=64:64").arg(serve.as_std().get_program());
    let server = Server::spawn(folder, limited.args(serve.as_std().get_args())).await;
    // More than there are descriptors: without a handshake, and with one.
    let mut idle = Vec::new();
    for _ in 0..40 {
        idle.push(TcpStream::connect(server.listen()).await.unwrap());
    }
    let mut handshaken = Vec::new();
    for _ in 0..40 {
        handshaken.push(timeout(PATIENCE, http::connect(&server, "localhost")).await.expect("room is made"));
    }
    for _ in 0..3 {
        let answer = timeout(PATIENCE, http::get(&server, server.directory())).await.expect("room is made");
        assert_eq!(answer.status, 200);
    }
    let warnings = server.log().matches("all places for connections are taken").count();
    assert_eq!(warnings, 1, "{}", server.log());
}

#[tokio::test]
async fn connections_whose_bodies_do_not_arrive_make_room_for_a_client_that_asks() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let serve = command(&data);
    let mut limited = Command::new("prlimit");
    limited.env_remove("RUST_LOG").arg("--nofile=64:64").arg(serve.as_std().get_program());
    let server = Server::spawn(folder, limited.args(serve.as_std().get_args())).await;
    // More than there are places. Each has a whole head and a part of its body.
    let part = b"POST /api/v1/protocols/acme/default/new-account HTTP/1.1\r\nHost: localhost\r\n\
        Content-Type: application/jose+json\r\nContent-Length: 1000\r\n\r\n{";
    let mut slow = Vec::new();
    for _ in 0..30 {
        let mut stream = timeout(PATIENCE, http::connect(&server, "localhost")).await.expect("room is made");
        // One that has made room already takes nothing any more.
        drop(stream.write_all(part).await);
        slow.push(stream);
    }
    let answer = timeout(PATIENCE, http::get(&server, server.directory())).await.expect("room is made");
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_lack_of_descriptors_settles_no_challenge() {
    let site = Site::start().await;
    let port = site.port.to_string();
    // A name, for which files are opened, and an address, for which only a socket is.
    for name in ["localhost", "127.0.0.1"] {
        let server = Server::start(&["--http-port", &port]).await;
        let client = Client::register(&server).await;
        let mut order = client.order(name).await;
        server.limit_descriptors(1).await;
        acme::begin(&mut order, Some(&site)).await;
        server.logged("an attempt waits: there are no file descriptors left").await;
        server.limit_descriptors(1024).await;
        assert_eq!(order.poll_ready(&RETRIES).await.unwrap(), OrderStatus::Ready);
        assert_eq!(server.log().matches("an attempt waits").count(), 1, "one line a minute");
    }
}

/// Less than the ten seconds after which a handshake ends by itself.
const PATIENCE: Duration = Duration::from_secs(5);
