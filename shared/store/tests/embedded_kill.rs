//! `kill -9` during writes: acknowledged writes are stored, and earlier nonces are invalid.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "these are tests"
)]

use std::{
    collections::HashSet,
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use acme::AccountId;
use store::{
    AccountStore, Creation, LookupStore, NonceStore, OrderStore,
    contract::fixture::{account, at, certificate, nonce, operation, order, processing, random, secrets},
    embedded::{EmbeddedStore, EngineOptions, OpenError},
};
use tokio::task::JoinSet;

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9_and_older_nonces_are_void() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let mut child = writing(&path);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged: Vec<AccountId> = Vec::new();
    let mut take = |line: String| {
        acknowledged.extend(acknowledgement(&line));
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

/// `KILLS` says how many; the judge `kills` wants more of them than there is time for here.
#[tokio::test]
async fn kills_at_any_moment_lose_and_double_nothing() {
    let kills: usize = env::var("KILLS").map_or(30, |kills| kills.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let mut all = HashSet::new();
    for kill in 1..=kills {
        let mut child = writing(&path);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut acknowledged = Vec::new();
        if kill % 2 == 1 {
            // While it writes; the others are killed while they start, too.
            acknowledged.extend(lines.find_map(|line| acknowledgement(&line)));
        }
        let [moment] = random::<1>();
        let killer = thread::spawn(move || {
            thread::sleep(Duration::from_millis(moment.into()));
            child.kill().unwrap();
            child.wait().unwrap();
        });
        acknowledged.extend(lines.filter_map(|line| acknowledgement(&line)));
        killer.join().unwrap();

        let store = EmbeddedStore::open(&path, EngineOptions::default()).unwrap();
        for id in &acknowledged {
            let account = store.account(*id).await.unwrap();
            let account = account.unwrap_or_else(|| panic!("{id} was acknowledged, and is lost after kill {kill}"));
            let by_key = store.account_by_key(&account.directory, &account.key.thumbprint()).await.unwrap();
            assert_eq!(by_key.map(|account| account.id), Some(*id));
        }
        all.extend(acknowledged);
        if kill <= 30 || kill == kills {
            let stored = accounts(&store).await;
            assert!(all.is_subset(&stored), "what an earlier kill had left is lost after kill {kill}");
            let others = stored.len() - all.len();
            assert!(others <= WRITERS * kill, "{others} accounts were not acknowledged, after kill {kill}");
        }
    }
    assert!(all.len() >= kills / 2, "they wrote until they were killed");
    println!("{kills} kills, {} accounts acknowledged and found", all.len());
}

async fn accounts(store: &EmbeddedStore) -> HashSet<AccountId> {
    let (mut found, mut after) = (HashSet::new(), None);
    loop {
        let page = store.accounts_by_contact(&account().contact[0], after, 1_000).await.unwrap();
        found.extend(page.items.iter().map(|account| account.id));
        match (page.more, page.items.last()) {
            (true, Some(last)) => after = Some(last.id),
            _ => return found,
        }
    }
}

/// A process that writes until it is killed.
fn writing(path: &Path) -> Child {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", "the_process_that_is_killed", "--nocapture"]).env(FILE, path);
    child.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// A line that the kill truncated was not an acknowledgement.
fn acknowledgement(line: &str) -> Option<AccountId> {
    line.split_once(ACKNOWLEDGED)?.1.parse().ok()
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
    let writers: JoinSet<()> = (0..WRITERS)
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
const WRITERS: usize = 8;
const ACKNOWLEDGED: &str = "acknowledged ";
