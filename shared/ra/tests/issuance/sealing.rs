//! Seals of receipts: days that end, processes that meet or end halfway, days with many receipts.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use async_trait::async_trait;
use ca::Statement;
use issuing::Sealing;
use jiff::Timestamp;
use store::{
    CertificateRecord, CertificateState, CertificateStore, Page, Receipt, Seal, SealPlace, SealStore, SealedPeriod,
    Sha256Digest, StoreError, Versioned, embedded::EmbeddedStore,
};
use tempfile::TempDir;

use crate::ca::{Ca, Keys, Moment, csr};

const A_DAY: i64 = 24 * 60 * 60;

fn sealing(ca: &Ca) -> Sealing {
    over(ca, ca.store.clone())
}

fn over(ca: &Ca, store: Arc<dyn SealStore>) -> Sealing {
    Sealing::new(ca.parts.issuers.clone(), store, ca.store.clone(), ca.keys.clone(), ca.clock.clone())
}

/// The chain, each seal with the digest of its text.
async fn chain(ca: &Ca) -> Vec<(SealedPeriod, Sha256Digest)> {
    let mut chain: Vec<(SealedPeriod, Sha256Digest)> = Vec::new();
    let mut after: Option<SealPlace> = None;
    loop {
        let page = ca.store.seals(after, 2).await.unwrap();
        for seal in &page.items {
            let statement = Statement::verify(SealedPeriod::TYPE, &seal.jws).unwrap();
            let period: SealedPeriod = serde_json::from_slice(statement.payload()).unwrap();
            assert_eq!((seal.place.from, seal.until, seal.place.part), (period.from, period.until, period.part));
            match chain.last() {
                None => assert_eq!((period.number, period.previous), (0, None)),
                Some((before, text)) => assert!(period.follows(before, *text), "{period:?} after {before:?}"),
            }
            chain.push((period, Sha256Digest::of(seal.jws.as_bytes())));
        }
        after = page.items.last().map(|seal| seal.place);
        if !page.more {
            return chain;
        }
    }
}

/// The digests that the seals after the first `skipped` have.
async fn sealed(ca: &Ca, skipped: usize) -> Vec<Sha256Digest> {
    chain(ca).await.into_iter().skip(skipped).flat_map(|(period, _)| period.receipts).collect()
}

async fn open(folder: &Path) -> Ca {
    let ca = Ca::open(&folder.join("store.redb"), &Arc::new(Keys::default())).await;
    // Noon, so that what a test does takes place on one day.
    ca.clock.jump(A_DAY / 2 - ca.now().as_second().rem_euclid(A_DAY));
    ca
}

async fn issued(ca: &Ca) -> Sha256Digest {
    let (account, order) = ca.ready_order().await;
    ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
    let record = ca.record(&account, order).await.value;
    record.receipt.unwrap().digest(&record.id).unwrap()
}

/// As many copies of a certificate with a receipt, each with another id.
async fn many(ca: &Ca, count: u32) -> BTreeSet<Sha256Digest> {
    let (account, order) = ca.ready_order().await;
    ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
    let record = ca.record(&account, order).await;
    let receipt = record.receipt.clone().unwrap();
    let mut digests = BTreeSet::from([receipt.digest(&record.id).unwrap()]);
    let key = record.id.to_string().split_once('.').unwrap().0.to_owned();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    for _ in 1..count {
        let mut copy = record.clone();
        let number = NUMBER.fetch_add(1, Ordering::SeqCst).to_be_bytes();
        let serial = jose::base64url::encode(&[&[1], &number[..]].concat());
        copy.value.id = format!("{key}.{serial}").parse().unwrap();
        digests.insert(receipt.digest(&copy.id).unwrap());
        ca.store.intend_certificate(&copy).await.unwrap();
    }
    digests
}

#[tokio::test]
async fn each_day_is_sealed_once_an_hour_after_it_ended_with_what_was_written_in_it() {
    let folder = TempDir::new().unwrap();
    let ca = open(folder.path()).await;
    let sealing = sealing(&ca);
    let before = issued(&ca).await;
    sealing.seal_due().await.unwrap();
    let first = chain(&ca).await;
    assert_eq!(first.len(), 2, "the chain begins with a seal about nothing, and then has the days before today");
    let (begins, receipts) = (first[0].0.until, first[0].0.receipts.len());
    assert_eq!((begins.as_second() % A_DAY, ca.now().duration_since(begins).as_secs() / A_DAY, receipts), (0, 7, 0));
    assert_eq!(first[1].0.receipts, []);
    let later = issued(&ca).await;
    // Half an hour after midnight.
    ca.clock.jump(A_DAY / 2 + 1_800);
    let next_day = issued(&ca).await;
    sealing.seal_due().await.unwrap();
    assert_eq!(chain(&ca).await.len(), 2, "the hour is not over");
    ca.clock.jump(1_801);
    for _ in 0..2 {
        sealing.seal_due().await.unwrap();
        let mut both = [before, later];
        both.sort();
        assert_eq!(sealed(&ca, 2).await, both, "those of the day, also from before the first seal");
    }
    // The process was stopped for days.
    ca.clock.jump(5 * A_DAY);
    sealing.seal_due().await.unwrap();
    let all = chain(&ca).await;
    assert_eq!((all.len(), &all[3].0.receipts), (4, &vec![next_day]));
    assert_eq!(all[3].0.until.duration_since(all[3].0.from).as_secs(), 5 * A_DAY);
    ca.clock.jump(A_DAY);
    sealing.seal_due().await.unwrap();
    assert_eq!(chain(&ca).await[4].0.receipts, [], "a day without certificates is sealed, too");
}

#[tokio::test]
async fn a_certificate_that_was_intended_and_never_signed_is_sealed_and_the_hosts_own_is_not() {
    let folder = TempDir::new().unwrap();
    let ca = open(folder.path()).await;
    let sealing = sealing(&ca);
    sealing.seal_due().await.unwrap();
    let (account, order) = ca.ready_order().await;
    ca.keys.stop_at(Some(Moment::Away));
    ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
    let record = ca.record(&account, order).await;
    assert!(matches!(record.state, CertificateState::Intended { .. }));
    let id = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE".parse().unwrap();
    let own = CertificateRecord { receipt: None, id, ..record.value.clone() };
    ca.store.intend_certificate(&Versioned::new(own, record.version)).await.unwrap();
    ca.clock.jump(A_DAY);
    assert!(sealing.seal_due().await.is_err(), "the key is away");
    assert_eq!(chain(&ca).await.len(), 2);
    ca.keys.stop_at(None);
    sealing.seal_due().await.unwrap();
    let receipt: Receipt = record.receipt.clone().unwrap();
    assert_eq!(sealed(&ca, 2).await, [receipt.digest(&record.id).unwrap()]);
}

#[tokio::test]
async fn a_day_with_more_receipts_than_a_seal_takes_has_several() {
    let folder = TempDir::new().unwrap();
    let ca = open(folder.path()).await;
    sealing(&ca).seal_due().await.unwrap();
    let digests = many(&ca, 2_001).await;
    assert_eq!(digests.len(), 2_001);
    ca.clock.jump(A_DAY);
    sealing(&ca).seal_due().await.unwrap();
    let whole = chain(&ca).await;
    let lengths: Vec<usize> = whole.iter().map(|(period, _)| period.receipts.len()).collect();
    assert_eq!(lengths, [0, 0, 1_000, 1_000, 1]);
    assert!(sealed(&ca, 1).await.into_iter().eq(digests.iter().copied()), "all of them, sorted");
}

#[tokio::test]
async fn a_process_that_ends_between_two_seals_of_a_day_is_continued_by_the_next() {
    let folder = TempDir::new().unwrap();
    let ca = open(folder.path()).await;
    sealing(&ca).seal_due().await.unwrap();
    let digests = many(&ca, 2_500).await;
    ca.clock.jump(A_DAY);
    for stored in 3..=4 {
        let store = Arc::new(Between { store: ca.store.clone(), other: Mutex::default(), left: AtomicU32::new(1) });
        let ending = over(&ca, store);
        assert!(ending.seal_due().await.is_err());
        assert_eq!(chain(&ca).await.len(), stored);
        // The rest is that of the same day, however late it is.
        ca.clock.jump(A_DAY);
    }
    sealing(&ca).seal_due().await.unwrap();
    assert!(sealed(&ca, 1).await.into_iter().eq(digests.iter().copied()));
    assert_eq!(chain(&ca).await.len(), 6, "then the days after it");
}

#[tokio::test]
async fn two_processes_that_seal_at_once_leave_one_chain() {
    let folder = TempDir::new().unwrap();
    let ca = open(folder.path()).await;
    for day in 0..3 {
        let digests = if day == 2 { many(&ca, 1_001).await } else { BTreeSet::from([issued(&ca).await]) };
        // Another process stores the same seal between the signature of this one and its write.
        let other = Mutex::new(Some(sealing(&ca)));
        let store = Arc::new(Between { store: ca.store.clone(), other, left: AtomicU32::new(9) });
        let slow = over(&ca, store);
        ca.clock.jump(if day == 0 { 0 } else { A_DAY });
        slow.seal_due().await.unwrap();
        if day > 0 {
            let new: BTreeSet<_> = sealed(&ca, 0).await.into_iter().collect();
            assert!(digests.is_subset(&new), "day {day}");
        }
    }
    assert_eq!(chain(&ca).await.len(), 5);
}

#[tokio::test]
async fn a_receipt_that_vanished_while_its_day_was_sealed_is_an_error_and_no_shorter_chain() {
    let folder = TempDir::new().unwrap();
    let ca = open(folder.path()).await;
    sealing(&ca).seal_due().await.unwrap();
    many(&ca, 1_001).await;
    ca.clock.jump(A_DAY);
    let store = Arc::new(Between { store: ca.store.clone(), other: Mutex::default(), left: AtomicU32::new(1) });
    let ending = over(&ca, store);
    assert!(ending.seal_due().await.is_err());
    // Written later into the day that is being sealed.
    ca.clock.jump(-A_DAY);
    many(&ca, 1_000).await;
    ca.clock.jump(A_DAY);
    assert!(sealing(&ca).seal_due().await.is_err());
    assert_eq!(chain(&ca).await.len(), 3);
}

/// A store in which something happens right before a seal is written.
struct Between {
    store: Arc<EmbeddedStore>,
    /// Another process, which seals then.
    other: Mutex<Option<Sealing>>,
    /// How many seals this one writes before it ends.
    left: AtomicU32,
}

#[async_trait]
impl SealStore for Between {
    async fn receipts_written(
        &self,
        from: Timestamp,
        until: Timestamp,
        latest: Timestamp,
    ) -> Result<Vec<Sha256Digest>, StoreError> {
        self.store.receipts_written(from, until, latest).await
    }

    async fn seals(&self, after: Option<SealPlace>, limit: usize) -> Result<Page<Seal>, StoreError> {
        self.store.seals(after, limit).await
    }

    async fn last_seal(&self, before: Option<SealPlace>) -> Result<Option<Seal>, StoreError> {
        self.store.last_seal(before).await
    }

    async fn put_seal(&self, seal: &Versioned<Seal>) -> Result<(), StoreError> {
        let other = self.other.lock().unwrap().take();
        if let Some(other) = other {
            other.seal_due().await.unwrap();
        }
        if self.left.fetch_sub(1, Ordering::SeqCst) == 0 {
            return Err(StoreError::Unavailable("it ends here".into()));
        }
        self.store.put_seal(seal).await
    }
}
