//! Where every exploration starts: a CA with an account that has an order of each kind, and what
//! a process that serves it is made of.

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use acme::{
    Account, AccountId, AuthorizationId, CertificateId, ChallengeType, DirectoryId, IdentifierObject, NewAccount,
    NewOrder, Observation, OrderId, OrderState,
};
use authority::ValidationTask;
use ca::{AuthorityName, KeyHandle};
use issuing::{Ceremony, Hierarchy, IssuerPlan, StatusUrl};
use jiff::SignedDuration;
use jose::PublicKey;
use operator::{ExternalAccountKeyTerms, MintedExternalAccountKey};
use ra::{AccountCreation, Directory, Settings};
use rcgen::PublicKeyData;
use store::{AcmeProfile, CertificateState, ProfileSet, RaProfile, Store};

use crate::{
    gate::{Gated, all_turns, turn},
    memory::{Condition, MemoryStore, Tables},
    seam::{Keys, StoppedClock, Surroundings, new_key},
    shown::{self, Roots},
};

/// The issuer of the certificates.
pub const ISSUER: &str = "issuing";
/// The URL in the signature of new-account requests.
pub const NEW_ACCOUNT: &str = "https://ca.example/acme/default/new-account";

/// A CA at a moment at which nothing runs.
pub struct World {
    engine: Engine,
    /// Its queues and its published files.
    pub surroundings: Arc<Surroundings>,
    /// What does not change.
    pub scene: Arc<Scene>,
}

/// The engine with all records of a CA.
enum Engine {
    /// The one of maps, which can be copied and looked into.
    Memory(Arc<MemoryStore>),
    /// Another one, which is asked for the records.
    Other(Arc<dyn Store>),
}

/// The objects that the operations are about.
pub struct Scene {
    keys: Arc<Keys>,
    clock: Arc<StoppedClock>,
    /// The directory of all of them.
    pub directory: DirectoryId,
    /// The account that owns the orders.
    pub account: AccountId,
    /// The key of that account.
    pub account_key: PublicKey,
    /// An order that is ready, and its only authorization.
    pub ready: (OrderId, AuthorizationId),
    /// An order whose challenge is being validated, and its only authorization.
    pub validating: (OrderId, AuthorizationId),
    /// An order whose certificate is intended and not signed, because its process crashed.
    pub interrupted: OrderId,
    /// The certificate of an order that is valid, in DER.
    pub certificate: Vec<u8>,
    /// The id of that certificate.
    pub certificate_id: CertificateId,
    /// The key in that certificate.
    pub certificate_key: PublicKey,
    /// Two certificate requests for the order that is ready, with different keys.
    pub requests: [Vec<u8>; 2],
    /// The keys of the two requests.
    pub request_keys: [PublicKey; 2],
    /// Two keys without an account.
    pub new_keys: [PublicKey; 2],
    /// An external account key for one account.
    pub external: MintedExternalAccountKey,
}

impl Scene {
    fn roots(&self) -> Roots<'_> {
        let keys = [&self.account_key].into_iter().chain(&self.new_keys);
        Roots {
            issuer: ISSUER.parse().expect("an id"),
            directory: &self.directory,
            account: self.account,
            keys: keys.map(PublicKey::thumbprint).collect(),
            external_account_key: self.external.id,
        }
    }
}

/// One process of the CA; a crash ends it.
pub struct Process {
    /// What answers clients and works off queues.
    pub ra: ra::Parts,
    /// What answers operators.
    pub operator: operator::Parts,
    /// The clock, which stands still.
    pub clock: Arc<StoppedClock>,
}

impl World {
    /// A new CA in memory.
    ///
    /// # Panics
    /// When the CA refuses any of it.
    #[must_use]
    pub fn new() -> Self {
        finish(Self::made(Engine::Memory(Arc::default())))
    }

    /// A new CA on an empty engine.
    ///
    /// # Panics
    /// When the CA refuses any of it.
    pub async fn on(store: Arc<dyn Store>) -> Self {
        Self::made(Engine::Other(store)).await
    }

    async fn made(engine: Engine) -> Self {
        let (store, surroundings) = (engine.store(), Arc::new(Surroundings::default()));
        let (keys, clock) = (Arc::new(Keys::default()), Arc::new(StoppedClock::default()));
        let process = process(store.clone(), &surroundings, &keys, &clock);
        let scene = Arc::new(all_turns(set_up(&process, &store, keys, clock)).await);
        Self { engine, surroundings, scene }
    }

    /// The same CA at the same moment, whatever becomes of this one.
    ///
    /// # Panics
    /// When it is not in memory.
    #[must_use]
    pub fn copied(&self) -> Self {
        self.with(Engine::Memory(Arc::new(self.memory().copied())))
    }

    /// The same CA on an engine whose writes do not demand these.
    ///
    /// # Panics
    /// When it is not in memory.
    #[must_use]
    pub fn without(&self, conditions: &'static [Condition]) -> Self {
        self.with(Engine::Memory(Arc::new(self.memory().without(conditions))))
    }

    /// The same CA at the same moment on an engine that has a copy of its records.
    #[must_use]
    pub fn copied_to(&self, store: Arc<dyn Store>) -> Self {
        self.with(Engine::Other(store))
    }

    fn with(&self, engine: Engine) -> Self {
        Self { engine, surroundings: Arc::new(self.surroundings.copied()), scene: self.scene.clone() }
    }

    fn memory(&self) -> &MemoryStore {
        match &self.engine {
            Engine::Memory(memory) => memory,
            Engine::Other(_) => panic!("only an engine in memory is copied"),
        }
    }

    /// The records, of which an engine outside the memory shows those that the operations can
    /// reach, and those that it showed before.
    pub(crate) async fn tables(&self, before: &Tables) -> Tables {
        match &self.engine {
            Engine::Memory(memory) => memory.tables(),
            Engine::Other(store) => shown::tables(store.as_ref(), &self.scene.roots(), before).await,
        }
    }

    /// A process that serves this CA.
    #[must_use]
    pub fn process(&self) -> Process {
        process(self.engine.store(), &self.surroundings, &self.scene.keys, &self.scene.clock)
    }
}

impl Engine {
    fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory(memory) => memory.clone(),
            Self::Other(store) => store.clone(),
        }
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl Process {
    /// The directory of all operations.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn directory(&self, scene: &Scene) -> Result<Arc<Directory>, ra::Error> {
        self.ra.directories.directory(&scene.directory).await
    }
}

fn process(
    store: Arc<dyn Store>,
    surroundings: &Arc<Surroundings>,
    keys: &Arc<Keys>,
    clock: &Arc<StoppedClock>,
) -> Process {
    let store: Arc<dyn Store> = Arc::new(Gated(store));
    let seams = ra::Seams {
        store: store.clone(),
        signer: keys.clone(),
        validation_queue: surroundings.clone(),
        issuance_queue: surroundings.clone(),
        crl_queue: surroundings.clone(),
        publisher: surroundings.clone(),
        events: Arc::new(()),
        clock: clock.clone(),
    };
    let settings = Settings::default();
    let seams_of_operators =
        operator::Seams::over(store, keys.clone(), surroundings.clone(), Arc::new(()), clock.clone());
    let ra = ra::Parts::new(seams, &settings);
    let operator = operator::Parts::beside(&ra, seams_of_operators, &settings);
    Process { ra, operator, clock: clock.clone() }
}

/// Runs a future to its end, with nothing between its turns.
pub fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

async fn set_up(process: &Process, store: &Arc<dyn Store>, keys: Arc<Keys>, clock: Arc<StoppedClock>) -> Scene {
    let plan = |id: &str| IssuerPlan {
        id: id.parse().expect("an id"),
        subject: AuthorityName::new(id, None).expect("a name"),
        key: KeyHandle::new(id),
        lifetime: SignedDuration::from_hours(24 * 365),
        crl_shards: 1,
    };
    let ra = &process.ra;
    let ceremony = Ceremony::new(ra.issuers.clone(), store.clone(), keys.clone(), StatusUrl(None), clock.clone());
    ceremony.ensure(&Hierarchy { root: plan("root"), issuing: plan(ISSUER) }).await.expect("issuers");
    let directory: DirectoryId = "default".parse().expect("a directory");
    let mut acme = AcmeProfile::new(directory.name.clone());
    acme.ra_profile = Some(directory.name.clone());
    let profile = RaProfile::new(directory.name.clone(), ISSUER.parse().expect("an id"));
    let profiles = ProfileSet { acme_profile: vec![acme], ra_profile: vec![profile] };
    let none = store.profiles().await.expect("profiles");
    store.apply_profiles(&profiles.changes_from(&none)).await.expect("profiles");
    ra.crls.make_all().await.expect("CRLs");

    let secret = operator::ExternalAccountSecrets::new(store.clone(), clock.clone());
    secret.ensure().await.expect("a secret");
    let terms = ExternalAccountKeyTerms::new(SignedDuration::from_hours(24));
    let external = process.operator.external_account_keys.mint("explorer", terms).await.expect("a key");

    let serving = ra.directories.directory(&directory).await.expect("a directory");
    let account_key = new_key();
    let created = ra.registrations.create(&serving, account_key.clone(), &NewAccount::default(), NEW_ACCOUNT).await;
    let Ok(AccountCreation::Created(account)) = created else { panic!("the account is not new") };

    let ready = ready_order(process, &serving, &account, "ready.example").await;
    let [(first, first_key), (second, second_key)] = [request("ready.example"), request("ready.example")];

    let (issued, _) = ready_order(process, &serving, &account, "issued.example").await;
    let (csr, certificate_key) = request("issued.example");
    let view = ra.finalization.finalize(&serving, &account, issued, &csr).await.expect("a certificate");
    let OrderState::Valid(issuance) = view.order.state else { panic!("the order is not valid") };
    let record = store.certificate(&issuance.certificate).await.expect("a record").expect("a record");
    let CertificateState::Issued { der: certificate } = record.value.state else { panic!("it is not issued") };

    let interrupted = interrupted(process, store, &serving, &account).await;
    let validating = order(process, &serving, &account, "validating.example").await;
    let challenge = ChallengeType::Http01;
    ra.challenges.initiate(&serving, &account, validating.1, challenge, &[]).await.expect("a validation");
    Scene {
        keys,
        clock,
        directory,
        account: account.id,
        account_key,
        ready,
        validating,
        interrupted,
        certificate,
        certificate_id: issuance.certificate,
        certificate_key,
        requests: [first, second],
        request_keys: [first_key, second_key],
        new_keys: [new_key(), new_key()],
        external,
    }
}

async fn order(process: &Process, serving: &Directory, account: &Account, name: &str) -> (OrderId, AuthorizationId) {
    let identifiers = vec![IdentifierObject { r#type: "dns".to_owned(), value: name.to_owned() }];
    let request = NewOrder { identifiers, not_before: None, not_after: None, replaces: None, profile: None };
    let view = process.ra.new_orders.create(serving, account, request).await.expect("an order");
    (view.order.id, view.order.authorizations[0])
}

async fn ready_order(
    process: &Process,
    serving: &Directory,
    account: &Account,
    name: &str,
) -> (OrderId, AuthorizationId) {
    let (order, authorization) = order(process, serving, account, name).await;
    let (ra, challenge) = (&process.ra, ChallengeType::Http01);
    ra.challenges.initiate(serving, account, authorization, challenge, &[]).await.expect("a validation");
    let task = ValidationTask { account: account.id, authorization, challenge };
    let job = ra.validations.job(task).await.expect("a job").expect("a job");
    ra.validations.succeeded(job, vec![Observation::default()]).await.expect("a result");
    (order, authorization)
}

/// An order whose process ended when it had stored what it intended to sign.
async fn interrupted(process: &Process, store: &Arc<dyn Store>, serving: &Directory, account: &Account) -> OrderId {
    let (order, _) = ready_order(process, serving, account, "interrupted.example").await;
    let (csr, _) = request("interrupted.example");
    let mut finalize = Box::pin(process.ra.finalization.finalize(serving, account, order, &csr));
    loop {
        assert!(turn(finalize.as_mut()).await.is_pending(), "it stops at the signature at the latest");
        let stored = store.order(account.id, order).await.expect("an order").expect("an order");
        if let OrderState::Processing(_) = stored.state {
            return order;
        }
    }
}

/// A certificate request for this name, with a new key.
fn request(name: &str) -> (Vec<u8>, PublicKey) {
    let mut parameters = rcgen::CertificateParams::new([name.to_owned()]).expect("a name");
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    let pair = rcgen::KeyPair::generate().expect("a key");
    let key = PublicKey::from_spki_der(&pair.subject_public_key_info()).expect("a key");
    (parameters.serialize_request(&pair).expect("a request").der().to_vec(), key)
}
