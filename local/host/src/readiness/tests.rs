//! Each fault for which the host is not ready.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::SeqCst};

use async_trait::async_trait;
use authority::{
    Clock, CrlQueue, CrlTask, IssuanceQueue, IssuanceTask, PublishError, PublishedObject, Publisher, QueueError,
    SystemClock, ValidationQueue, ValidationTask,
};
use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use ca::{AuthorityName, KeyHandle, SignError, Signature, SignatureAlgorithm, Signer};
use issuing::{Hierarchy, IssuerPlan};
use jiff::{SignedDuration, Timestamp};
use jose::PublicKey;
use operator::Seams;
use ra::Settings;
use store::embedded::EngineOptions;
use tempfile::TempDir;

use super::*;

/// Keys that can be taken away, and a clock that can be moved.
struct World {
    keys: [EcdsaKeyPair; 2],
    has_keys: AtomicBool,
    ahead: AtomicI64,
}

impl World {
    fn pair(&self, key: &KeyHandle) -> &EcdsaKeyPair {
        &self.keys[usize::from(key.as_str() == "issuing")]
    }
}

#[async_trait]
impl Signer for World {
    async fn public_key(&self, key: &KeyHandle) -> Result<PublicKey, SignError> {
        let spki = self.pair(key).public_key().as_der().unwrap();
        Ok(PublicKey::from_spki_der(spki.as_ref()).unwrap())
    }

    async fn sign(&self, key: &KeyHandle, _: SignatureAlgorithm, message: &[u8]) -> Result<Signature, SignError> {
        if !self.has_keys.load(SeqCst) {
            return Err(SignError::Unavailable { source: "away".into() });
        }
        let signature = self.pair(key).sign(&SystemRandom::new(), message).unwrap();
        Ok(Signature::new(signature.as_ref().to_vec()))
    }
}

#[async_trait]
impl CrlQueue for World {
    async fn publish_crl(&self, _: CrlTask) -> Result<(), QueueError> {
        Ok(())
    }
}

#[async_trait]
impl ValidationQueue for World {
    async fn validate(&self, _: ValidationTask) -> Result<(), QueueError> {
        Ok(())
    }
}

#[async_trait]
impl IssuanceQueue for World {
    async fn issue(&self, _: IssuanceTask) -> Result<(), QueueError> {
        Ok(())
    }

    async fn issue_later(&self, _: IssuanceTask) -> Result<(), QueueError> {
        Ok(())
    }
}

#[async_trait]
impl Publisher for World {
    async fn publish(&self, _: PublishedObject) -> Result<(), PublishError> {
        Ok(())
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        SystemClock.now() + SignedDuration::from_secs(self.ahead.load(SeqCst))
    }
}

struct Tried {
    store: Arc<EmbeddedStore>,
    parts: Arc<operator::Parts>,
    world: Arc<World>,
    _folder: TempDir,
}

impl Tried {
    /// A CA with CRLs: the root's for 180 days, the other for seven.
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("store.redb");
        let store = Arc::new(EmbeddedStore::open(&path, EngineOptions::default()).unwrap());
        let keys = [(); 2].map(|()| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap());
        let world = Arc::new(World { keys, has_keys: AtomicBool::new(true), ahead: AtomicI64::new(0) });
        let seams = Seams::over(store.clone(), world.clone(), world.clone(), Arc::new(()), world.clone());
        let parts = Arc::new(operator::Parts::new(seams, world.clone(), &Settings::default()));
        let plan = |id: &str| IssuerPlan {
            id: id.parse().unwrap(),
            subject: AuthorityName::new(id, None).unwrap(),
            key: KeyHandle::new(id),
            lifetime: SignedDuration::from_hours(24 * 365),
            crl_shards: 1,
        };
        parts.ceremony.ensure(&Hierarchy { root: plan("root"), issuing: plan("issuing") }).await.unwrap();
        let clients = ra::Seams {
            store: store.clone(),
            signer: world.clone(),
            validation_queue: world.clone(),
            issuance_queue: world.clone(),
            crl_queue: world.clone(),
            publisher: world.clone(),
            events: Arc::new(()),
            clock: world.clone(),
        };
        ra::Parts::new(clients, &Settings::default()).crls.make_all().await.unwrap();
        Self { store, parts, world, _folder: folder }
    }

    /// What the first request of a process learns.
    async fn faults(&self) -> Vec<String> {
        Readiness::new(self.store.clone(), self.parts.clone()).check().await
    }
}

#[tokio::test]
async fn a_host_whose_signer_fails_is_not_ready() {
    let tried = Tried::new().await;
    assert!(tried.faults().await.is_empty());
    tried.world.has_keys.store(false, SeqCst);
    assert_eq!(tried.faults().await, ["no issuer can sign"]);
    tried.world.has_keys.store(true, SeqCst);
    assert!(tried.faults().await.is_empty(), "and is ready again");
}

#[tokio::test]
async fn a_host_whose_crl_has_ended_or_has_not_begun_is_not_ready() {
    let tried = Tried::new().await;
    let (issuing, root) = ("CRL 0 of issuer issuing is not valid now", "CRL 0 of issuer root is not valid now");
    for (ahead, expected) in [
        (7 * DAY - 60, &[][..]),
        (7 * DAY, &[issuing]),
        (180 * DAY, &[issuing, root]),
        (-200, &[]),
        // Both issuers have begun by then, and their CRLs have not.
        (-DAY / 2, &[issuing, root]),
    ] {
        tried.world.ahead.store(ahead, SeqCst);
        assert_eq!(tried.faults().await, expected, "{ahead}");
    }
}

#[tokio::test]
async fn a_host_whose_store_is_dead_is_not_ready() {
    let tried = Tried::new().await;
    tried.store.close().await.unwrap();
    assert!(tried.faults().await.contains(&"the store cannot write".to_owned()));
}

const DAY: i64 = 24 * 60 * 60;
