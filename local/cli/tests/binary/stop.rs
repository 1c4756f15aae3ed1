//! Stopping the process.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{http, process::Server};

#[tokio::test]
async fn ctrl_c_and_sigterm_end_it_in_good_order() {
    for signal in ["INT", "TERM"] {
        let server = Server::start(&[]).await;
        server.signal(signal).await;
        let (status, folder) = server.ended().await;
        assert_eq!(status, Some(0), "{signal}");
        let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
        assert!(log.contains("requests in progress are completed first") && log.contains("\"stopped\""), "{log}");
    }
}

#[tokio::test]
async fn a_request_under_way_at_sigterm_gets_its_answer() {
    let server = Server::start(&[]).await;
    let mut stream = http::connect(&server, "localhost").await;
    // Half a request: the head, and a part of the body.
    let path = server.directory().split_once("/api").unwrap().1.replace("directory", "new-account");
    let head = format!(
        "POST /api{path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/jose+json\r\ncontent-length: 20\r\n\r\n0123456789"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // An answer on another connection: by now the half request is being read.
    assert_eq!(http::get(&server, server.directory()).await.status, 200);
    server.signal("TERM").await;
    server.logged("stopping").await;

    stream.write_all(b"0123456789").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("urn:ietf:params:acme:error:malformed"), "{answer}");
    assert_eq!(server.ended().await.0, Some(0));
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let server = Server::start(&[]).await;
    let mut stream = http::connect(&server, "localhost").await;
    stream.write_all(b"POST /api HTTP/1.1\r\nhost: localhost\r\ncontent-length: 20\r\n\r\n").await.unwrap();
    assert_eq!(http::get(&server, server.directory()).await.status, 200);
    server.signal("TERM").await;
    server.logged("stopping").await;
    server.signal("TERM").await;
    assert_eq!(server.ended().await.0, Some(143));
}
