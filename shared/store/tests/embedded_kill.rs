//! `kill -9` during writes: acknowledged writes are stored, and earlier nonces are invalid.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "these are tests"
)]

use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use acme::AccountId;
use store::{
    AccountStore, Creation, NonceStore, OrderStore,
    contract::fixture::{account, at, certificate, nonce, operation, order, processing, secrets},
    embedded::{EmbeddedStore, EngineOptions, OpenError},
};
use tokio::task::JoinSet;

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9_and_older_nonces_are_void() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "the_process_that_is_killed", "--nocapture"])
        .env(FILE, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged: Vec<AccountId> = Vec::new();
    let mut take = |line: String| {
        // A line that the kill truncated was not an acknowledgement.
        let id = line.split_once(ACKNOWLEDGED).and_then(|(_, id)| id.parse::<AccountId>().ok());
        acknowledged.extend(id);
        acknowledged.len() < 500
    };
    while lines.next().is_some_and(|line| take(line.unwrap())) {}
    let second = EmbeddedStore::open(&path, EngineOptions::default());
    child.kill().unwrap();
    child.wait().unwrap();
    for line in lines.map_while(Result::ok) {
        take(line);
    }
    assert!(matches!(second, Err(OpenError::InUse { .. })), "another process had it: {second:?}");

    let store = EmbeddedStore::open(&path, EngineOptions::default()).unwrap();
    assert!(acknowledged.len() >= 500, "the child wrote until it was killed");
    for id in &acknowledged {
        assert!(store.account(*id).await.unwrap().is_some(), "{id} was acknowledged, and is lost");
    }
    assert!(store.was_unclean());
    assert_eq!(store.nonce_secrets().await.unwrap(), None, "so that no nonce of before can be accepted");
    let unfinished = store.unfinished().await.unwrap();
    assert_eq!(unfinished.issuances.len(), 1, "the issuance that was under way is known");

    store.update_nonce_secrets(None, &secrets()).await.unwrap();
    store.close().await.unwrap();
    let store = EmbeddedStore::open(&path, EngineOptions::default()).unwrap();
    assert!(!store.was_unclean(), "the crash is settled");
    assert!(store.nonce_secrets().await.unwrap().is_some());
}

/// Not a test itself: this is the process that the test above kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_that_is_killed() {
    let Some(path) = env::var_os(FILE) else { return };
    let store = Arc::new(EmbeddedStore::open(Path::new(&path), EngineOptions::default()).unwrap());
    store.update_nonce_secrets(None, &secrets()).await.unwrap();
    let open = order(&account(), &[]);
    store.create_order(&open, &[]).await.unwrap();
    store.update_order(&open, &processing(&open, &certificate())).await.unwrap();
    let writers: JoinSet<()> = (0..8)
        .map(|_| {
            let store = store.clone();
            async move {
                loop {
                    let account = account();
                    store.redeem_nonce(&nonce(), at(300), operation()).await.unwrap();
                    assert_eq!(store.create_account_if_absent(&account).await.unwrap(), Creation::Created);
                    println!("{ACKNOWLEDGED}{}", account.id);
                }
            }
        })
        .collect();
    writers.join_all().await;
}

const FILE: &str = "STORE_OF_THE_PROCESS_THAT_IS_KILLED";
const ACKNOWLEDGED: &str = "acknowledged ";
