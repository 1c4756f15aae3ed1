//! CRLs when several processes publish, and which process signs for which issuer.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use acme::{RevocationReason, RevokedBy};
use async_trait::async_trait;
use authority::{Clock, CrlTask, PublishError, PublishedObject, Publisher};
use ra::Parts;
use store::{CrlBackdate, CrlRecord, CrlStore, IssuerRecord, IssuerRole, IssuerStore};
use tempfile::TempDir;

use crate::ca::{Ca, Keys, csr};

/// The bucket into which all processes publish.
#[derive(Default)]
struct Bucket(Mutex<BTreeMap<String, Vec<u8>>>);

/// A process that is overtaken by another between storing its CRL and publishing it.
struct Overtaken {
    bucket: Arc<Bucket>,
    by: Mutex<Option<(Arc<Parts>, CrlTask)>>,
}

#[async_trait]
impl Publisher for Bucket {
    async fn publish(&self, object: PublishedObject) -> Result<(), PublishError> {
        self.0.lock().unwrap().insert(object.path, object.bytes);
        Ok(())
    }
}

#[async_trait]
impl Publisher for Overtaken {
    async fn publish(&self, object: PublishedObject) -> Result<(), PublishError> {
        let by = self.by.lock().unwrap().take();
        if let Some((parts, task)) = by {
            parts.crls.make(&task).await.unwrap();
        }
        self.bucket.publish(object).await
    }
}

#[tokio::test]
async fn a_process_that_was_overtaken_leaves_the_newer_crl_behind() {
    let (folder, keys) = (TempDir::new().unwrap(), Arc::new(Keys::default()));
    let ca = Ca::open(&folder.path().join("store.redb"), &keys).await;
    let task = CrlTask { issuer: ca.serving.ra.issuer.clone(), shard: 0 };
    let bucket = Arc::new(Bucket::default());
    let (fast, _) = ca.process(bucket.clone());
    let by = Mutex::new(Some((fast, task.clone())));
    let (slow, _) = ca.process(Arc::new(Overtaken { bucket: bucket.clone(), by }));
    let second = u64::try_from(ca.clock.now().as_second()).unwrap();
    slow.crls.make(&task).await.unwrap();

    let stored = ca.store.crl(&task.issuer, task.shard).await.unwrap().unwrap();
    assert!(stored.number > second, "the slow process's number is at least the second, and this is the next");
    assert_eq!(bucket.0.lock().unwrap()["crl/issuing/0.crl"], stored.der);
}

/// Does what a process does that may not use the keys of issuing CAs.
async fn ask_for_crls(parts: &Parts) {
    let issuers = parts.issuers.records().await.unwrap();
    for issuer in issuers.iter().filter(|issuer| issuer.role == IssuerRole::Issuing) {
        parts.issuer_files.publish(issuer).await.unwrap();
        parts.crl_requests.request_missing(issuer).await.unwrap();
    }
}

#[tokio::test]
async fn the_crls_of_the_root_and_of_issuing_cas_are_made_by_the_process_that_has_their_keys() {
    let (folder, keys) = (TempDir::new().unwrap(), Arc::new(Keys::default()));
    let ca = Ca::open(&folder.path().join("store.redb"), &keys).await;
    let bucket = Arc::new(Bucket::default());
    let (parts, queue) = ca.process(bucket.clone());
    keys.forget_signed();
    parts.crls.make_due(IssuerRole::Root).await.unwrap();
    ask_for_crls(&parts).await;
    assert!(keys.signed().is_empty(), "the issuing CA's key is not used");
    let paths: Vec<String> = bucket.0.lock().unwrap().keys().cloned().collect();
    assert_eq!(paths, ["crl/root/0.crl", "issuer/issuing.cer", "issuer/root.cer"]);
    assert_eq!(queue.crls().len(), 1, "another process is asked for the other CRL");

    parts.crls.make(&queue.crls()[0]).await.unwrap();
    ask_for_crls(&parts).await;
    assert_eq!(queue.crls().len(), 1, "it is there now");
}

#[tokio::test]
async fn a_crl_is_made_again_past_half_of_its_life() {
    let (folder, keys) = (TempDir::new().unwrap(), Arc::new(Keys::default()));
    let ca = Ca::open(&folder.path().join("store.redb"), &keys).await;
    let (parts, _) = ca.process(Arc::new(Bucket::default()));
    let day = 24 * 60 * 60;
    for (role, issuer, half) in [(IssuerRole::Issuing, "issuing", 7 * day / 2), (IssuerRole::Root, "root", 90 * day)] {
        let number = async || ca.store.crl(&issuer.parse().unwrap(), 0).await.unwrap().unwrap().number;
        parts.crls.make_due(role).await.unwrap();
        let first = number().await;
        for (wait, is_new) in [(half - 60, false), (120, true)] {
            ca.clock.jump(wait);
            parts.crls.make_due(role).await.unwrap();
            assert_eq!(number().await > first, is_new, "{issuer} after {wait} s more");
        }
    }
}

#[tokio::test]
async fn a_revocation_whose_process_crashed_before_it_asked_for_a_crl_is_on_the_next_scheduled_one() {
    let (folder, keys) = (TempDir::new().unwrap(), Arc::new(Keys::default()));
    let ca = Ca::open(&folder.path().join("store.redb"), &keys).await;
    let (parts, _) = ca.process(Arc::new(Bucket::default()));
    let scheduled = async || {
        ca.clock.jump(60);
        parts.crls.make_due(IssuerRole::Issuing).await.unwrap();
        ca.store.crl(&"issuing".parse().unwrap(), 0).await.unwrap().unwrap()
    };
    let (account, order) = ca.ready_order().await;
    ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
    let first = scheduled().await;
    assert_eq!(scheduled().await, first, "it is not due");

    // The crash is that nothing else of the revocation happens.
    let (records, certificate) = (&ca.parts.revocation_records, ca.record(&account, order).await);
    let (reason, by) = (RevocationReason::Superseded, RevokedBy::Account);
    ca.clock.jump(60);
    records.mark(&certificate, reason, by, None).await.unwrap().unwrap();
    let second = scheduled().await;
    assert!(second.number > first.number);
    let serial = certificate.id.serial().as_bytes();
    assert!(second.der.windows(serial.len()).any(|window| window == serial));
    assert_eq!(scheduled().await, second, "it is listed");
}

#[tokio::test]
async fn a_crl_begins_as_early_as_its_issuer_says_and_not_before_the_last_one() {
    let (folder, keys) = (TempDir::new().unwrap(), Arc::new(Keys::default()));
    let ca = Ca::open(&folder.path().join("store.redb"), &keys).await;
    let (parts, _) = ca.process(Arc::new(Bucket::default()));
    let made = async |id: &str| {
        parts.crls.make(&CrlTask { issuer: id.parse().unwrap(), shard: 0 }).await.unwrap();
        ca.store.crl(&id.parse().unwrap(), 0).await.unwrap().unwrap()
    };
    let set = async |id: &str, seconds| {
        let before = ca.store.issuer(&id.parse().unwrap()).await.unwrap().unwrap();
        let crl_backdate = CrlBackdate::from_secs(seconds).unwrap();
        ca.store.update_issuer(&before, &IssuerRecord { crl_backdate, ..before.clone() }).await.unwrap();
        parts.issuers.forget().await;
    };
    let early = |crl: &CrlRecord| crl.made_at().duration_since(crl.this_update).as_secs();
    for (id, days) in [("issuing", 7), ("root", 180)] {
        let first = made(id).await;
        assert_eq!(early(&first), 300, "{id}: as certificates, unless the issuer says otherwise");
        let life = first.next_update.duration_since(first.made_at());
        assert_eq!(life.as_hours(), days * 24, "{id}: it is no shorter for that");
        set(id, 0).await;
        let exact = made(id).await;
        assert_eq!((early(&exact), exact.made_at), (0, None), "{id}");
        // Some relying parties take the later `thisUpdate` for the newer CRL.
        set(id, 3_600).await;
        ca.clock.jump(60);
        let next = made(id).await;
        assert_eq!(next.this_update, exact.this_update, "{id}");
        assert!(next.number > exact.number);
        ca.clock.jump(7_200);
        assert_eq!(early(&made(id).await), 3_600, "{id}");
    }
}

#[tokio::test]
async fn a_crl_of_a_clock_that_was_ahead_by_less_than_crls_are_backdated_is_made_again() {
    let (folder, keys) = (TempDir::new().unwrap(), Arc::new(Keys::default()));
    let ca = Ca::open(&folder.path().join("store.redb"), &keys).await;
    let (parts, _) = ca.process(Arc::new(Bucket::default()));
    let scheduled = async || {
        parts.crls.make_due(IssuerRole::Issuing).await.unwrap();
        ca.store.crl(&"issuing".parse().unwrap(), 0).await.unwrap().unwrap()
    };
    ca.clock.jump(120);
    let ahead = scheduled().await;
    ca.clock.jump(-120);
    assert!(ahead.this_update <= ca.clock.now(), "no relying party minds");
    let corrected = scheduled().await;
    assert!(corrected.number > ahead.number, "but what is revoked now would count as listed");
    assert!(corrected.made_at() <= ca.clock.now());
}

#[tokio::test]
async fn a_reason_that_was_raised_just_before_a_crash_is_on_the_next_scheduled_crl() {
    let (folder, keys) = (TempDir::new().unwrap(), Arc::new(Keys::default()));
    let ca = Ca::open(&folder.path().join("store.redb"), &keys).await;
    let (parts, _) = ca.process(Arc::new(Bucket::default()));
    let scheduled = async || {
        ca.clock.jump(60);
        parts.crls.make_due(IssuerRole::Issuing).await.unwrap();
        ca.store.crl(&"issuing".parse().unwrap(), 0).await.unwrap().unwrap()
    };
    let (account, order) = ca.ready_order().await;
    ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
    // The crash is that nothing else of the revocation happens.
    let mark = async |reason, by| {
        ca.clock.jump(60);
        let certificate = ca.record(&account, order).await;
        ca.parts.revocation_records.mark(&certificate, reason, by, None).await.unwrap().unwrap();
    };
    mark(RevocationReason::Superseded, RevokedBy::Account).await;
    let first = scheduled().await;
    assert_eq!(scheduled().await, first, "it is listed");

    mark(RevocationReason::KeyCompromise, RevokedBy::CertificateKey).await;
    let second = scheduled().await;
    let reason = |der: &[u8]| der.windows(5).find(|octets| octets[..4] == [4, 3, 10, 1]).map(|octets| octets[4]);
    assert_eq!((reason(&first.der), reason(&second.der)), (Some(4), Some(1)), "RFC 5280 §5.3.1");
    assert_eq!(scheduled().await, second, "it is listed with its reason");
}

#[tokio::test]
async fn crl_numbers_go_on_rising_over_a_store_that_was_restored_from_a_backup() {
    let keys = Arc::new(Keys::default());
    let task = CrlTask { issuer: "issuing".parse().unwrap(), shard: 0 };
    let mut numbers = Vec::new();
    let (lost, restored) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    // The second store has none of the first one's CRLs, as if it were restored from a backup older
    // than they are.
    for (days, folder) in [(0, lost), (1, restored)] {
        let ca = Ca::open(&folder.path().join("store.redb"), &keys).await;
        ca.clock.jump(days * 24 * 60 * 60);
        let (parts, _) = ca.process(Arc::new(Bucket::default()));
        for _ in 0..3 {
            parts.crls.make(&task).await.unwrap();
            numbers.push(ca.store.crl(&task.issuer, task.shard).await.unwrap().unwrap().number);
        }
    }
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
}
