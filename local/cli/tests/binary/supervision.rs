//! What the host says about itself, and what ends it.

use std::{fs, os::unix::fs::MetadataExt};

use tempfile::TempDir;

use crate::{
    http::{self, get_status},
    process::{self, Server, in_file},
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

#[tokio::test]
async fn sighup_opens_the_log_file_again() {
    let folder = TempDir::new().unwrap();
    let (log, old, older) = (folder.path().join("ca.log"), folder.path().join("ca.1"), folder.path().join("ca.2"));
    let server = Server::start_in(folder, &["--log-file", log.to_str().unwrap()]).await;
    let request = async |path: &str| {
        let url = format!("https://localhost/{path}");
        assert_eq!(http::get(&server, &url).await.status, 404);
    };
    request("before").await;
    in_file(&log, "GET /before").await;
    assert_eq!(fs::metadata(&log).unwrap().mode() & 0o137, 0);

    fs::rename(&log, &older).unwrap();
    request("meanwhile").await;
    in_file(&older, "GET /meanwhile").await;
    server.signal("HUP").await;
    in_file(&log, "the log file was opened again").await;
    request("after").await;
    in_file(&log, "GET /after").await;
    let lines = fs::read_to_string(&log).unwrap();
    assert!(lines.lines().next().unwrap().contains("opened again"), "{lines}");
    assert!(!fs::read_to_string(&older).unwrap().contains("GET /after"));

    fs::rename(&log, &old).unwrap();
    fs::create_dir(&log).unwrap();
    server.signal("HUP").await;
    in_file(&old, "could not be opened again").await;
    request("still").await;
    in_file(&old, "GET /still").await;
    assert_eq!(server.log(), "", "nothing is on stderr");
    server.signal("TERM").await;
    assert_eq!(server.ended().await.0, Some(0));
}

#[tokio::test]
async fn a_log_file_that_cannot_be_opened_stops_the_start() {
    let folder = TempDir::new().unwrap();
    let mut command = process::command(&folder.path().join("data"));
    let refused = process::refusal(process::finish(command.arg("--log-file").arg(folder.path())).await);
    assert!(refused.starts_with("error: the log file /") && refused.contains("cannot be opened"), "{refused}");
}
