//! `admin audit`: filtered, and followed while records are added.

use std::{process::Stdio, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    time::timeout,
};

use super::{admin, at_rest, json, text};
use crate::process::{Server, program};

#[tokio::test]
async fn the_record_is_filtered_and_followed_until_ctrl_c() {
    let server = Server::start(&[]).await;
    let data = server.data();
    text(&data, &["eab", "mint", "--label", "first"]).await;
    text(&data, &["keys", "block", "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"]).await;
    let only = json(&data, &["audit", "list", "--action", "eab", "--since", "1h", "--actor", "uid"]).await;
    assert_eq!(only.as_array().map(Vec::len), Some(1));
    assert_eq!(json(&data, &["audit", "list", "--until", "2020-01-01T00:00:00Z"]).await, json!([]));
    assert_eq!(admin(&data, &["audit", "list", "--since", "yesterday"]).await.status.code(), Some(2));

    let arguments = ["audit", "follow", "--since", "1h", "--action", "eab", "--json"];
    let mut command = program();
    command.args(["admin", "--data"]).arg(&data).args(arguments);
    let mut following = command.stdout(Stdio::piped()).stdin(Stdio::null()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    let mut next = async || {
        let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
        serde_json::from_str::<Value>(&line).unwrap()["detail"]["label"].clone()
    };
    assert_eq!(next().await, "first", "what was done before");
    for label in ["second", "third"] {
        text(&data, &["eab", "mint", "--label", label]).await;
        assert_eq!(next().await, label, "each once, as it comes");
    }
    let pid = following.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let status = timeout(PATIENCE, following.wait()).await.unwrap().unwrap();
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn following_a_folder_leaves_it_to_others_in_between() {
    let folder = at_rest().await;
    let data = folder.path().join("data");
    let mut command = program();
    command.args(["admin", "--data"]).arg(&data).args(["audit", "follow", "--since", "1h", "--json"]);
    let mut following = command.stdout(Stdio::piped()).stdin(Stdio::null()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    text(&data, &["eab", "mint"]).await;
    // Before it stands what the first start did.
    while !timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap().contains("eab mint") {}
}

const PATIENCE: Duration = Duration::from_secs(30);
