//! The seams of an operation other than the store: keys, queues, the place of CRLs, the clock.
//!
//! A signature and a publication are turns too, because a process can end before or after each.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
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
use ca::{KeyHandle, SignError, Signature, SignatureAlgorithm, Signer};
use jiff::Timestamp;
use jose::PublicKey;

use crate::gate::Turn;

/// The time at which the exploration began. It stands still, so that everything happens within one
/// second: no order of events can be read from times.
pub struct StoppedClock(Timestamp);

impl Default for StoppedClock {
    fn default() -> Self {
        Self(SystemClock.now())
    }
}

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// The keys of the issuers.
#[derive(Default)]
pub struct Keys(Mutex<BTreeMap<String, Arc<EcdsaKeyPair>>>);

impl Keys {
    fn pair(&self, key: &KeyHandle) -> Result<Arc<EcdsaKeyPair>, SignError> {
        let mut pairs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pair) = pairs.get(key.as_str()) {
            return Ok(pair.clone());
        }
        let made = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(unavailable)?;
        Ok(pairs.entry(key.as_str().to_owned()).or_insert(Arc::new(made)).clone())
    }
}

#[async_trait]
impl Signer for Keys {
    async fn public_key(&self, key: &KeyHandle) -> Result<PublicKey, SignError> {
        public_key(self.pair(key)?.as_ref()).ok_or_else(|| unavailable("a key without a public key"))
    }

    async fn sign(&self, key: &KeyHandle, _: SignatureAlgorithm, message: &[u8]) -> Result<Signature, SignError> {
        Turn::default().await;
        let signature = self.pair(key)?.sign(&SystemRandom::new(), message).map_err(unavailable)?;
        Ok(Signature::new(signature.as_ref().to_vec()))
    }
}

fn unavailable(why: impl ToString) -> SignError {
    SignError::Unavailable { source: why.to_string().into() }
}

/// A new account key.
///
/// # Panics
/// When the system has no randomness.
#[must_use]
pub fn new_key() -> PublicKey {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("the system has randomness");
    public_key(&pair).expect("a new key is valid")
}

fn public_key(pair: &EcdsaKeyPair) -> Option<PublicKey> {
    PublicKey::from_spki_der(pair.public_key().as_der().ok()?.as_ref()).ok()
}

/// What outlives a crash apart from the store: queues and the bucket of CRLs.
#[derive(Debug, Default)]
pub struct Surroundings {
    issuances: Mutex<Vec<IssuanceTask>>,
    crls: Mutex<Vec<CrlTask>>,
    published: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Surroundings {
    /// A copy as it stands.
    #[must_use]
    pub fn copied(&self) -> Self {
        Self {
            issuances: Mutex::new(locked(&self.issuances).clone()),
            crls: Mutex::new(locked(&self.crls).clone()),
            published: Mutex::new(locked(&self.published).clone()),
        }
    }

    /// Takes the requests for CRLs out of the queue.
    #[must_use]
    pub fn take_crl_tasks(&self) -> Vec<CrlTask> {
        std::mem::take(&mut *locked(&self.crls))
    }

    /// Whether the queue will deliver this task.
    #[must_use]
    pub fn will_resume(&self, task: &IssuanceTask) -> bool {
        locked(&self.issuances).contains(task)
    }

    /// The published file at this path.
    #[must_use]
    pub fn published(&self, path: &str) -> Option<Vec<u8>> {
        locked(&self.published).get(path).cloned()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl ValidationQueue for Surroundings {
    /// Validations are explored by their results, so no worker takes this.
    async fn validate(&self, _: ValidationTask) -> Result<(), QueueError> {
        Turn::default().await;
        Ok(())
    }
}

#[async_trait]
impl IssuanceQueue for Surroundings {
    async fn issue(&self, task: IssuanceTask) -> Result<(), QueueError> {
        Turn::default().await;
        locked(&self.issuances).push(task);
        Ok(())
    }

    async fn issue_later(&self, task: IssuanceTask) -> Result<(), QueueError> {
        self.issue(task).await
    }
}

#[async_trait]
impl CrlQueue for Surroundings {
    async fn publish_crl(&self, task: CrlTask) -> Result<(), QueueError> {
        Turn::default().await;
        locked(&self.crls).push(task);
        Ok(())
    }
}

#[async_trait]
impl Publisher for Surroundings {
    async fn publish(&self, object: PublishedObject) -> Result<(), PublishError> {
        Turn::default().await;
        locked(&self.published).insert(object.path, object.bytes);
        Ok(())
    }
}
