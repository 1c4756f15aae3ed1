//! A CA for one test: a real store, keys that stop on demand, a clock that can be moved.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use acme::{
    Account, AuthorizationId, ChallengeType, DirectoryId, IdentifierObject, NewAccount, NewOrder, Observation, OrderId,
    OrderState,
};
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
use issuing::{Ceremony, Hierarchy, IssuerPlan, StatusUrl};
use jiff::{SignedDuration, Timestamp};
use jose::PublicKey;
use ra::{AccountCreation, Directory, Parts, Seams, Settings};
use store::{
    AcmeProfile, CertificateRecord, CertificateState, CertificateStore, OrderStore, ProfileSet, ProfileStore,
    RaProfile, Versioned,
    embedded::{EmbeddedStore, EngineOptions},
};
use tokio::sync::Notify;

/// A CA from one start to the next crash.
#[derive(Clone)]
pub(crate) struct Ca {
    pub(crate) parts: Arc<Parts>,
    pub(crate) serving: Arc<Directory>,
    pub(crate) store: Arc<EmbeddedStore>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) queue: Arc<Tasks>,
    pub(crate) clock: Arc<JumpingClock>,
}

/// Copies a store as it is at that moment, with its log.
pub(crate) fn copy_store(from: &Path, to: &Path) {
    for file in ["redb", "redb.log"] {
        fs::copy(from.with_extension(file), to.with_extension(file)).unwrap();
    }
}

impl Ca {
    pub(crate) async fn open(file: &Path, keys: &Arc<Keys>) -> Self {
        let store = Arc::new(EmbeddedStore::open(file, EngineOptions::default()).unwrap());
        let queue = Arc::new(Tasks::default());
        let clock = Arc::new(JumpingClock::default());
        let parts = Arc::new(parts(&store, keys, &queue, queue.clone(), &clock));
        let plan = |id: &str| IssuerPlan {
            id: id.parse().unwrap(),
            subject: AuthorityName::new(id, None).unwrap(),
            key: KeyHandle::new(id),
            lifetime: SignedDuration::from_hours(24 * 365),
            crl_shards: 1,
        };
        let ceremony =
            Ceremony::new(parts.issuers.clone(), store.clone(), keys.clone(), StatusUrl(None), clock.clone());
        ceremony.ensure(&Hierarchy { root: plan("root"), issuing: plan("issuing") }).await.unwrap();

        let directory: DirectoryId = "default".parse().unwrap();
        let mut acme = AcmeProfile::new(directory.name.clone());
        acme.ra_profile = Some(directory.name.clone());
        let ra = RaProfile::new(directory.name.clone(), "issuing".parse().unwrap());
        let profiles = ProfileSet { acme_profile: vec![acme], ra_profile: vec![ra] };
        store.apply_profiles(&profiles.changes_from(&store.profiles().await.unwrap())).await.unwrap();
        let serving = parts.directories.directory(&directory).await.unwrap();
        Self { parts, serving, store, keys: keys.clone(), queue, clock }
    }

    /// Another process of the same CA, with a publisher of its own.
    pub(crate) fn process(&self, publisher: Arc<dyn Publisher>) -> (Arc<Parts>, Arc<Tasks>) {
        let queue = Arc::new(Tasks::default());
        (Arc::new(parts(&self.store, &self.keys, &queue, publisher, &self.clock)), queue)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) async fn account(&self) -> Account {
        let key = account_key();
        let account =
            self.parts.registrations.create(&self.serving, key, &NewAccount::default(), NEW_ACCOUNT).await.unwrap();
        let AccountCreation::Created(account) = account else { panic!("the key is new") };
        account
    }

    /// An order whose only identifier is validated.
    pub(crate) async fn ready_order(&self) -> (Account, OrderId) {
        let account = self.account().await;
        let order = self.parts.new_orders.create(&self.serving, &account, request()).await.unwrap().order;
        self.show(&account, order.authorizations[0]).await;
        (account, order.id)
    }

    pub(crate) async fn show(&self, account: &Account, authorization: AuthorizationId) {
        let challenge = ChallengeType::Http01;
        self.parts.challenges.initiate(&self.serving, account, authorization, challenge, &[]).await.unwrap();
        let task = ValidationTask { account: account.id, authorization, challenge };
        let job = self.parts.validations.job(task).await.unwrap().unwrap();
        self.parts.validations.succeeded(job, vec![Observation::default()]).await.unwrap();
    }

    /// The record of the certificate that the order points to.
    pub(crate) async fn record(&self, account: &Account, order: OrderId) -> Versioned<CertificateRecord> {
        let order = self.store.order(account.id, order).await.unwrap().unwrap();
        let (OrderState::Processing(issuance) | OrderState::Valid(issuance)) = &order.state else {
            panic!("the order is {:?}", order.state)
        };
        self.store.certificate(&issuance.certificate).await.unwrap().unwrap()
    }

    /// The bytes that are stored to be signed.
    pub(crate) async fn intended(&self, account: &Account, order: OrderId) -> Vec<u8> {
        match self.record(account, order).await.value.state {
            CertificateState::Intended { tbs } => tbs,
            CertificateState::Issued { .. } => panic!("it is issued already"),
        }
    }
}

fn parts(
    store: &Arc<EmbeddedStore>,
    keys: &Arc<Keys>,
    queue: &Arc<Tasks>,
    publisher: Arc<dyn Publisher>,
    clock: &Arc<JumpingClock>,
) -> Parts {
    let seams = Seams {
        store: store.clone(),
        signer: keys.clone(),
        validation_queue: queue.clone(),
        issuance_queue: queue.clone(),
        crl_queue: queue.clone(),
        publisher,
        events: Arc::new(()),
        clock: clock.clone(),
    };
    Parts::new(seams, &Settings::default())
}

/// The system's clock, plus the time by which it was moved.
#[derive(Default)]
pub(crate) struct JumpingClock(AtomicI64);

impl JumpingClock {
    pub(crate) fn jump(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for JumpingClock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + SignedDuration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

/// The keys, which outlive a crash, and the moment at which signing stops.
#[derive(Default)]
pub(crate) struct Keys {
    pairs: Mutex<HashMap<KeyHandle, Arc<EcdsaKeyPair>>>,
    stop: Mutex<Option<Moment>>,
    pub(crate) stopped: Notify,
    signed: Mutex<Vec<Vec<u8>>>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    /// The signer did nothing, and never answers.
    BeforeSigning,
    /// The signer made the signature, but never answers.
    AfterSigning,
    /// The signer is unavailable.
    Away,
    /// The signer refuses permanently.
    Refusing,
}

impl Keys {
    pub(crate) fn stop_at(&self, moment: Option<Moment>) {
        *self.stop.lock().unwrap() = moment;
    }

    /// The messages that the issuing CA's key has signed.
    pub(crate) fn signed(&self) -> Vec<Vec<u8>> {
        self.signed.lock().unwrap().clone()
    }

    pub(crate) fn forget_signed(&self) {
        self.signed.lock().unwrap().clear();
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
            Some(Moment::Refusing) => return Err(SignError::Refused { source: "no".into() }),
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

/// A queue that keeps its tasks and does nothing.
#[derive(Default)]
pub(crate) struct Tasks {
    issuances: Mutex<Vec<IssuanceTask>>,
    later: Mutex<Vec<IssuanceTask>>,
    crls: Mutex<Vec<CrlTask>>,
    validations: Mutex<Vec<ValidationTask>>,
}

impl Tasks {
    pub(crate) fn issuances(&self) -> Vec<IssuanceTask> {
        self.issuances.lock().unwrap().clone()
    }

    pub(crate) fn later(&self) -> Vec<IssuanceTask> {
        self.later.lock().unwrap().clone()
    }

    pub(crate) fn validations(&self) -> Vec<ValidationTask> {
        self.validations.lock().unwrap().clone()
    }

    pub(crate) fn crls(&self) -> Vec<CrlTask> {
        self.crls.lock().unwrap().clone()
    }
}

#[async_trait]
impl ValidationQueue for Tasks {
    async fn validate(&self, task: ValidationTask) -> Result<(), QueueError> {
        self.validations.lock().unwrap().push(task);
        Ok(())
    }
}

#[async_trait]
impl IssuanceQueue for Tasks {
    async fn issue(&self, task: IssuanceTask) -> Result<(), QueueError> {
        self.issuances.lock().unwrap().push(task);
        Ok(())
    }

    async fn issue_later(&self, task: IssuanceTask) -> Result<(), QueueError> {
        self.later.lock().unwrap().push(task);
        Ok(())
    }
}

#[async_trait]
impl CrlQueue for Tasks {
    async fn publish_crl(&self, task: CrlTask) -> Result<(), QueueError> {
        self.crls.lock().unwrap().push(task);
        Ok(())
    }
}

#[async_trait]
impl Publisher for Tasks {
    async fn publish(&self, _: PublishedObject) -> Result<(), PublishError> {
        Ok(())
    }
}

/// The public key of a new account.
pub(crate) fn account_key() -> PublicKey {
    public_key(&EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
}

fn public_key(pair: &EcdsaKeyPair) -> PublicKey {
    PublicKey::from_spki_der(pair.public_key().as_der().unwrap().as_ref()).unwrap()
}

/// A certificate request with a key of its own.
pub(crate) fn csr() -> Vec<u8> {
    let mut params = rcgen::CertificateParams::new([NAME.to_owned()]).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.serialize_request(&rcgen::KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

/// A new order for one name.
pub(crate) fn request() -> NewOrder {
    NewOrder {
        identifiers: vec![IdentifierObject { r#type: "dns".to_owned(), value: NAME.to_owned() }],
        not_before: None,
        not_after: None,
        replaces: None,
        profile: None,
    }
}

const NAME: &str = "www.example.test";
/// The URL in the signature of new-account requests.
pub(crate) const NEW_ACCOUNT: &str = "https://ca.example/api/v1/protocols/acme/default/new-account";
