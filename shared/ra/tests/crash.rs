//! A crash between the intent and the certificate: the order has exactly one certificate afterwards,
//! and it is the one that was intended (threat 29).
//!
//! The signer stops the finalize request at the worst moments. What a crash would leave is what the
//! store's file holds at that moment, so the test goes on with a copy of it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what does not go well fails the test"
)]

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use acme::{
    Account, AuthorizationId, ChallengeType, DirectoryId, IdentifierObject, NewAccount, NewOrder, OrderId, OrderState,
    OrderStatus,
};
use async_trait::async_trait;
use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use ca::{AuthorityName, KeyHandle, SignError, Signature, SignatureAlgorithm, Signer};
use jiff::SignedDuration;
use jose::PublicKey;
use ra::{
    AccountCreation, Authority, CrlTask, Error, Hierarchy, IssuanceTask, IssuerPlan, PublishError, PublishedObject,
    Publisher, Queue, QueueError, Seams, Serving, Settings, SystemClock, ValidationTask,
};
use store::{
    AcmeProfile, CertificateState, CertificateStore, OrderStore, ProfileStore, RaProfile,
    embedded::{EmbeddedStore, Options},
};
use tempfile::TempDir;
use tokio::sync::Notify;

#[tokio::test]
async fn threat_29_a_crash_before_the_signature_is_made_good_once() {
    crash(Moment::BeforeSigning).await;
}

#[tokio::test]
async fn threat_29_a_crash_after_the_signature_and_before_its_record_is_made_good_once() {
    crash(Moment::AfterSigning).await;
}

async fn crash(moment: Moment) {
    let folder = TempDir::new().unwrap();
    let keys = Arc::new(Keys::default());
    let before = Ca::open(&folder.path().join("before.redb"), &keys).await;
    let (account, order) = before.ready_order().await;
    let csr = csr();

    keys.stop_at(Some(moment));
    let Ca { authority, serving, .. } = before.clone();
    let request = tokio::spawn({
        let (account, csr) = (account.clone(), csr.clone());
        async move { authority.finalize(&serving, &account, order, &csr).await.map(drop) }
    });
    keys.stopped.notified().await;
    let file = folder.path().join("after.redb");
    fs::copy(folder.path().join("before.redb"), &file).unwrap();
    request.abort();
    drop(before);

    keys.stop_at(None);
    keys.signed.lock().unwrap().clear();
    let after = Ca::open(&file, &keys).await;
    assert!(after.store.was_unclean());
    let intended = after.intended(&account, order).await;
    let unfinished = after.store.unfinished().await.unwrap();
    assert_eq!(unfinished.issuances, [(account.id, order)]);
    let task = IssuanceTask { account: account.id, order };
    // Queues deliver at least once.
    for _ in 0..2 {
        after.authority.resume_issuance(task).await.unwrap();
    }

    assert_eq!(*keys.signed.lock().unwrap(), std::slice::from_ref(&intended), "the stored bytes are signed, once");
    let view = after.authority.order(&account, order).await.unwrap();
    assert_eq!(view.order.status(&view.authorizations, after.authority.now()), OrderStatus::Valid);
    assert!(after.store.unfinished().await.unwrap().issuances.is_empty());
    let chain = after.authority.certificate_chain(account.id, order).await.unwrap();
    let leaf = chain.certificates()[0].der();
    // Behind the tag and the three octets of the length of the whole.
    assert_eq!(&leaf[4..4 + intended.len()], intended);

    // The client, who saw its connection break, asks again.
    let view = after.authority.finalize(&after.serving, &account, order, &csr).await.unwrap();
    assert!(matches!(view.order.state, OrderState::Valid(_)));
    let again = after.authority.certificate_chain(account.id, order).await.unwrap();
    assert_eq!(again.certificates()[0].der(), leaf);
    let other = after.authority.finalize(&after.serving, &account, order, &self::csr()).await;
    assert!(matches!(other, Err(Error::OtherCsr)), "{other:?}");
    assert_eq!(keys.signed.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_signer_that_is_away_leaves_the_order_processing_and_a_task_to_finish_it() {
    let folder = TempDir::new().unwrap();
    let keys = Arc::new(Keys::default());
    let ca = Ca::open(&folder.path().join("store.redb"), &keys).await;
    let (account, order) = ca.ready_order().await;
    let csr = csr();

    keys.stop_at(Some(Moment::Away));
    let view = ca.authority.finalize(&ca.serving, &account, order, &csr).await.unwrap();
    assert!(matches!(view.order.state, OrderState::Processing(_)));
    let task = IssuanceTask { account: account.id, order };
    assert_eq!(*ca.queue.issuances.lock().unwrap(), [task]);
    assert!(matches!(ca.authority.resume_issuance(task).await, Err(Error::Sign(_))));

    keys.stop_at(None);
    let intended = ca.intended(&account, order).await;
    ca.authority.resume_issuance(task).await.unwrap();
    let view = ca.authority.finalize(&ca.serving, &account, order, &csr).await.unwrap();
    assert!(matches!(view.order.state, OrderState::Valid(_)));
    assert_eq!(keys.signed.lock().unwrap().last(), Some(&intended));
}

/// One life of a CA.
#[derive(Clone)]
struct Ca {
    authority: Arc<Authority>,
    serving: Arc<Serving>,
    store: Arc<EmbeddedStore>,
    queue: Arc<Tasks>,
}

impl Ca {
    async fn open(file: &Path, keys: &Arc<Keys>) -> Self {
        let store = Arc::new(EmbeddedStore::open(file, Options::default()).unwrap());
        let queue = Arc::new(Tasks::default());
        let seams = Seams {
            store: store.clone(),
            signer: keys.clone(),
            queue: queue.clone(),
            publisher: queue.clone(),
            clock: Arc::new(SystemClock),
        };
        let authority = Arc::new(Authority::new(seams, Settings::default()));
        let plan = |id: &str| IssuerPlan {
            id: id.parse().unwrap(),
            subject: AuthorityName::new(id, None).unwrap(),
            key: KeyHandle::new(id),
            lifetime: SignedDuration::from_hours(24 * 365),
            crl_shards: 1,
        };
        authority.ensure_hierarchy(&Hierarchy { root: plan("root"), issuing: plan("issuing") }).await.unwrap();

        let directory: DirectoryId = "default".parse().unwrap();
        let mut acme = AcmeProfile::new(directory.name.clone());
        acme.ra_profile = Some(directory.name.clone());
        let ra = RaProfile::new(directory.name.clone(), "issuing".parse().unwrap());
        store.set_profiles(&[acme], &[ra]).await.unwrap();
        let serving = authority.directory(&directory).await.unwrap();
        Self { authority, serving, store, queue }
    }

    /// An order whose only name is shown.
    async fn ready_order(&self) -> (Account, OrderId) {
        let key = public_key(&EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap());
        let account = self.authority.create_account(&self.serving, key, &NewAccount::default()).await.unwrap();
        let AccountCreation::Created(account) = account else { panic!("the key is new") };
        let request = NewOrder {
            identifiers: vec![IdentifierObject { r#type: "dns".to_owned(), value: NAME.to_owned() }],
            not_before: None,
            not_after: None,
            replaces: None,
            profile: None,
        };
        let order = self.authority.create_order(&self.serving, &account, request).await.unwrap().order;
        self.show(&account, order.authorizations[0]).await;
        (account, order.id)
    }

    async fn show(&self, account: &Account, authorization: AuthorizationId) {
        let challenge = ChallengeType::Http01;
        self.authority.initiate_challenge(account, authorization, challenge).await.unwrap();
        let task = ValidationTask { account: account.id, authorization, challenge };
        let job = self.authority.validation(task).await.unwrap().unwrap();
        self.authority.validation_succeeded(job, None).await.unwrap();
    }

    /// The bytes that are stored to be signed.
    async fn intended(&self, account: &Account, order: OrderId) -> Vec<u8> {
        let order = self.store.order(account.id, order).await.unwrap().unwrap();
        let OrderState::Processing(issuance) = &order.state else { panic!("the order is {:?}", order.state) };
        let record = self.store.certificate(&issuance.certificate).await.unwrap().unwrap();
        let CertificateState::Intended { tbs } = &record.state else { panic!("it is issued already") };
        tbs.clone()
    }
}

/// The keys, which outlive a crash, and the moment at which signing stops.
#[derive(Default)]
struct Keys {
    pairs: Mutex<HashMap<KeyHandle, Arc<EcdsaKeyPair>>>,
    stop: Mutex<Option<Moment>>,
    stopped: Notify,
    /// What the issuing CA's key signed.
    signed: Mutex<Vec<Vec<u8>>>,
}

#[derive(Clone, Copy, Debug)]
enum Moment {
    /// The request never comes back from the signer, which did nothing.
    BeforeSigning,
    /// It never comes back, but the signature was made.
    AfterSigning,
    /// The signer answers that it cannot.
    Away,
}

impl Keys {
    fn stop_at(&self, moment: Option<Moment>) {
        *self.stop.lock().unwrap() = moment;
    }

    fn pair(&self, key: &KeyHandle) -> Arc<EcdsaKeyPair> {
        let make = || Arc::new(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap());
        self.pairs.lock().unwrap().entry(key.clone()).or_insert_with(make).clone()
    }

    async fn hang(&self) {
        self.stopped.notify_one();
        std::future::pending().await
    }
}

#[async_trait]
impl Signer for Keys {
    async fn public_key(&self, key: &KeyHandle) -> Result<PublicKey, SignError> {
        Ok(public_key(&self.pair(key)))
    }

    async fn sign(&self, key: &KeyHandle, _: SignatureAlgorithm, message: &[u8]) -> Result<Signature, SignError> {
        let stop = *self.stop.lock().unwrap();
        match stop {
            Some(Moment::Away) => return Err(SignError::Unavailable { source: "away".into() }),
            Some(Moment::BeforeSigning) => self.hang().await,
            Some(Moment::AfterSigning) | None => {}
        }
        let signature = self.pair(key).sign(&SystemRandom::new(), message).unwrap();
        if key.as_str() == "issuing" {
            self.signed.lock().unwrap().push(message.to_vec());
        }
        if let Some(Moment::AfterSigning) = stop {
            self.hang().await;
        }
        Ok(Signature::new(signature.as_ref().to_vec()))
    }
}

/// A queue that keeps what it is told and does nothing.
#[derive(Default)]
struct Tasks {
    issuances: Mutex<Vec<IssuanceTask>>,
}

#[async_trait]
impl Queue for Tasks {
    async fn validate(&self, _: ValidationTask) -> Result<(), QueueError> {
        Ok(())
    }

    async fn issue(&self, task: IssuanceTask) -> Result<(), QueueError> {
        self.issuances.lock().unwrap().push(task);
        Ok(())
    }

    async fn publish_crl(&self, _: CrlTask) -> Result<(), QueueError> {
        Ok(())
    }
}

#[async_trait]
impl Publisher for Tasks {
    async fn publish(&self, _: PublishedObject) -> Result<(), PublishError> {
        Ok(())
    }
}

fn public_key(pair: &EcdsaKeyPair) -> PublicKey {
    PublicKey::from_spki_der(pair.public_key().as_der().unwrap().as_ref()).unwrap()
}

/// A certificate request with a key of its own.
fn csr() -> Vec<u8> {
    let mut params = rcgen::CertificateParams::new([NAME.to_owned()]).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.serialize_request(&rcgen::KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

const NAME: &str = "www.example.test";
