//! The durable writes of a certificate, by the number of clients and of stored certificates.
//!
//! `cargo bench -p store --bench group_commit -- 1000 1000000` fills the store with that many
//! certificates first; without arguments it starts empty.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, reason = "this is a bench")]

use std::{
    env,
    sync::Arc,
    time::{Duration, Instant},
};

use acme::{Account, CertificateId};
use store::{
    AccountStore, AuthorizationStore, CertificateStore, NonceStore, OrderStore, StoreError,
    contract::fixture::{
        account, at, authorization, certificate, changed, dns, issued, nonce, operation, order, processing, serial,
        valid, validating,
    },
    embedded::{EmbeddedStore, EngineOptions},
};
use tokio::task::JoinSet;

#[tokio::main]
async fn main() {
    let given: Vec<usize> = env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if given.is_empty() { vec![0] } else { given };
    println!(
        "{:>9} {:>7} {:>10} {:>10} {:>9} {:>9} {:>9}",
        "stored", "clients", "issued/s", "commits/s", "p50", "p90", "p99"
    );
    for stored in sizes {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("store.redb");
        let store = Arc::new(EmbeddedStore::open(&path, EngineOptions::default()).unwrap());
        fill(&store, stored).await;
        for clients in [1, 8, 32, 128] {
            measure(&store, stored, clients).await;
        }
        if stored == 0 {
            memory_paths(&store).await;
        }
        println!("{stored:>9} file of {} MiB", std::fs::metadata(&path).unwrap().len() >> 20);
    }
}

/// Each client makes certificates, one after the other.
async fn measure(store: &Arc<EmbeddedStore>, stored: usize, clients: usize) {
    let (begin, before) = (Instant::now(), store.counts());
    let work: JoinSet<Vec<Duration>> = (0..clients)
        .map(|_| {
            let (store, account) = (store.clone(), account());
            async move {
                let mut times = Vec::new();
                while begin.elapsed() < MEASURED {
                    let asked = Instant::now();
                    issue(&store, &account).await.unwrap();
                    times.push(asked.elapsed());
                }
                times
            }
        })
        .collect();
    let mut times: Vec<_> = work.join_all().await.into_iter().flatten().collect();
    times.sort();
    let seconds = begin.elapsed().as_secs_f64();
    let part = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    println!(
        "{stored:>9} {clients:>7} {:>10.0} {:>10.0} {:>9.1?} {:>9.1?} {:>9.1?}",
        times.len() as f64 / seconds,
        (store.counts().commits - before.commits) as f64 / seconds,
        part(50),
        part(90),
        part(99),
    );
}

/// The writes of one certificate, one after the other.
async fn issue(store: &EmbeddedStore, account: &Account) -> Result<(), StoreError> {
    let pending = authorization(account, dns("www.example.com"));
    let under_way = validating(&pending);
    let open = order(account, std::slice::from_ref(&pending));
    let intended = certificate();
    let being_issued = processing(&open, &intended);
    store.create_order(&open, std::slice::from_ref(&pending)).await?;
    store.update_authorization(&pending, &under_way).await?;
    store.update_authorization(&under_way, &valid(&under_way)).await?;
    store.intend_certificate(&intended).await?;
    store.update_order(&open, &being_issued).await?;
    store.update_certificate(&intended, &issued(&intended)).await?;
    store.update_order(&being_issued, &changed(&being_issued, |_| ())).await
}

/// Operations that wait for no commit: redemptions and reads, by one client.
async fn memory_paths(store: &Arc<EmbeddedStore>) {
    let account = account();
    let made = order(&account, &[]);
    store.create_order(&made, &[]).await.unwrap();
    let nonces: Vec<_> = (0..ROUNDS).map(|_| nonce()).collect();
    let begin = Instant::now();
    for nonce in &nonces {
        store.redeem_nonce(nonce, at(300), operation()).await.unwrap();
    }
    println!("redemption of a nonce {:.1?}", begin.elapsed() / ROUNDS);
    let begin = Instant::now();
    for _ in 0..ROUNDS {
        store.order(account.id, made.id).await.unwrap();
    }
    println!("read of an order      {:.1?}", begin.elapsed() / ROUNDS);
    store.create_account_if_absent(&account).await.unwrap();
    let begin = Instant::now();
    for _ in 0..ROUNDS {
        store.account(account.id).await.unwrap();
    }
    println!("read of an account    {:.1?}", begin.elapsed() / ROUNDS);
}

async fn fill(store: &Arc<EmbeddedStore>, certificates: usize) {
    let clients: JoinSet<()> = (0..FILLERS)
        .map(|filler| {
            let store = store.clone();
            async move {
                for number in (filler..certificates).step_by(FILLERS) {
                    // Filling inserts in the order of keys, which is fast; the measured
                    // certificates have random keys.
                    let mut certificate = issued(&certificate());
                    let octets = [&[0x40][..], &(number as u64).to_be_bytes()].concat();
                    certificate.value.id = CertificateId::new(vec![0x55; 20], serial(&octets));
                    store.intend_certificate(&certificate).await.unwrap();
                }
            }
        })
        .collect();
    clients.join_all().await;
}

const MEASURED: Duration = Duration::from_secs(3);
const ROUNDS: u32 = 20_000;
const FILLERS: usize = 512;
