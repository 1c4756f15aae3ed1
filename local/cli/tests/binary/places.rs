//! Places and descriptors that run short.

use std::time::Duration;

use instant_acme::OrderStatus;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, net::TcpStream, process::Command, time::timeout};

use crate::{
    acme::{self, Client, RETRIES},
    http::{self, Connection},
    process::{Server, command},
    site::Site,
};

#[tokio::test]
async fn idle_connections_make_room_for_a_client_that_asks() {
    let server = with_few_places(&[]).await;
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
    let server = with_few_places(&[]).await;
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
async fn the_connections_of_a_trusted_proxy_stay_when_a_stranger_takes_all_places() {
    let server = with_few_places(&["--trusted-proxies", "127.0.0.1", "--open"]).await;
    let (proxy, stranger) = ([127, 0, 0, 1], [127, 0, 0, 2]);
    // More than half of the places.
    let mut proxied = open(&server, proxy, PROXIED).await;
    // More than the rest; what a stranger says of others does not make them theirs.
    let mut strange = open(&server, stranger, PLACES).await;
    for connection in &mut proxied {
        let answer = connection.get("/dir", &[("x-forwarded-for", "192.0.2.1")]).await;
        assert_eq!(answer.expect("it stayed").status, 200);
    }
    let mut closed = 0;
    for connection in &mut strange {
        closed += usize::from(connection.get("/dir", &[]).await.is_none());
    }
    assert!(closed >= PROXIED, "{closed} of {PLACES}");
}

#[tokio::test]
async fn what_a_trusted_proxy_says_of_its_client_is_logged_and_what_others_say_is_not() {
    for (proxies, from, client) in [
        (&["--trusted-proxies", "127.0.0.1,10.0.0.0/8", "--open"][..], 1, "198.51.100.7"),
        (&["--trusted-proxies", "127.0.0.1,10.0.0.0/8", "--open"], 2, "127.0.0.2"),
        (&[], 1, "127.0.0.1"),
    ] {
        let server = Server::start(proxies).await;
        let mut connection = Connection::from([127, 0, 0, from], &server).await;
        let said = [
            ("x-forwarded-for", "203.0.113.66, 198.51.100.7"),
            ("x-forwarded-for", "10.0.0.9"),
            ("forwarded", "for=203.0.113.67"),
            ("x-forwarded-host", "other.test"),
            ("x-forwarded-proto", "http"),
        ];
        let directory = connection.get("/dir", &said).await.unwrap().json();
        let base = server.directory().split_once("/v1").unwrap().0;
        assert!(directory["newNonce"].as_str().unwrap().starts_with(base), "{directory}");
        assert_eq!(connection.get("/none", &said).await.unwrap().status, 404);
        for line in ["GET /api/v1/protocols/acme/default/directory", "GET /none"] {
            let log = server.log();
            let logged: Value =
                serde_json::from_str(log.lines().find(|logged| logged.contains(line)).unwrap()).unwrap();
            assert_eq!(logged["client"], client, "{logged}");
        }
    }
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

/// A server with [`PLACES`] for ACME.
async fn with_few_places(arguments: &[&str]) -> Server {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let serve = command(&data);
    let mut limited = Command::new("prlimit");
    limited.env_remove("RUST_LOG").arg("--nofile=64:64").arg(serve.as_std().get_program());
    Server::spawn(folder, limited.args(serve.as_std().get_args()).args(arguments)).await
}

/// That many connections from this address, each of which asked once, for a client of its own.
async fn open(server: &Server, address: [u8; 4], count: usize) -> Vec<Connection> {
    let mut connections = Vec::new();
    for client in 0..count {
        let mut connection = timeout(PATIENCE, Connection::from(address, server)).await.expect("room is made");
        let client = format!("192.0.2.{client}");
        let answer = connection.get("/dir", &[("x-forwarded-for", &client)]).await;
        assert_eq!(answer.expect("a new one is not the longest idle").status, 200);
        connections.push(connection);
    }
    connections
}

/// For ACME, three quarters of half of 64 descriptors.
const PLACES: usize = 24;
const PROXIED: usize = 14;
/// Less than the ten seconds after which a handshake ends by itself.
const PATIENCE: Duration = Duration::from_secs(5);
