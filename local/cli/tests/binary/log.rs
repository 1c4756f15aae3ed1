//! The log: nothing depends on whether it can be written, and strangers write no line of it.

use std::{fs::File, process::Stdio};

use serde_json::json;
use tempfile::TempDir;

use crate::{
    acme, http,
    process::{Server, command},
};

#[tokio::test]
async fn threat_33_a_host_whose_log_has_no_reader_any_more_answers() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let mut server = Server::spawn_logging(folder, &mut command(&data), Stdio::piped()).await;
    server.leave_log();
    answers(&server).await;
}

#[tokio::test]
async fn threat_33_a_host_whose_log_is_on_a_full_disk_answers() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let full = File::options().write(true).open("/dev/full").unwrap();
    let server = Server::spawn_logging(folder, &mut command(&data), full).await;
    answers(&server).await;
}

#[tokio::test]
async fn threat_33_a_host_whose_log_file_is_on_a_full_disk_answers() {
    let server = Server::start(&["--log-file", "/dev/full"]).await;
    answers(&server).await;
}

#[tokio::test]
async fn threat_34_a_stranger_writes_no_line_of_the_log_and_no_long_one() {
    let server = Server::start_for_people().await;
    let forged = "2026-11-27T23:00:00.000000Z  INFO an operator performs an action actor=\"root\"";
    let url = http::get(&server, server.directory()).await.json()["newAccount"].as_str().unwrap().to_owned();
    let before = server.log().len();
    let protected = json!({"alg": "ES256", "nonce": "AA", "kid": "x", "url": format!("x\n{forged}\r\u{202e}")});
    let protected = jose::base64url::encode(protected.to_string().as_bytes());
    let body = json!({"protected": protected, "payload": "", "signature": "AA"}).to_string();
    assert_eq!(http::request(&server, "POST", &url, body).await.status, 401);
    let log = server.log().split_off(before);
    assert!(log.contains(r"signed for x\n2026") && !log.contains("\n2026-11-27") && !log.contains('\u{202e}'), "{log}");
    assert_eq!(log.lines().count(), 1, "{log}");

    let before = server.log().len();
    let long = format!("https://localhost/{}", "a".repeat(60_000));
    assert_eq!(http::get(&server, &long).await.status, 404);
    let log = server.log().split_off(before);
    assert!(log.contains("GET /aaa") && log.len() < 1024, "{} octets: {log}", log.len());
}

/// Requests of all kinds are answered: read, written and refused.
async fn answers(server: &Server) {
    for _ in 0..3 {
        let directory = server.directory().split_once("/api").unwrap().0.to_owned() + "/dir";
        assert_eq!(http::get(server, &directory).await.status, 200);
    }
    assert_eq!(acme::new_account(server, &acme::nonce(server).await).await.status, 201);
    assert_eq!(http::get(server, &format!("{}/none", server.directory())).await.status, 404);
}
