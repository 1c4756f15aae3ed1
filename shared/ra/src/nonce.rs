//! Nonces, as far as they are state: which were used, and the secrets that they are made with.
//!
//! Requests only read the secrets. The host makes the first and rotates them: at start and in its
//! maintenance in one process, at deployment and on schedule on AWS. So no stranger's request ever
//! leads to a write, and the functions need no right to write secrets.

use std::sync::Arc;

use authority::{Clock, Failure, random, versioned};
use jiff::{SignedDuration, Timestamp};
use store::{NonceSecret, NonceSecrets, NonceStore, OperationId, Redemption, StoreError, Versioned};

use crate::Error;

/// Redeems nonces, and reads the secrets that they are made with.
pub struct Nonces {
    nonces: Arc<dyn NonceStore>,
}

impl Nonces {
    /// Those of this store.
    pub fn new(nonces: Arc<dyn NonceStore>) -> Self {
        Self { nonces }
    }

    /// Marks a nonce as used; `false` when it was used before.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn redeem(&self, nonce: &str, expires_at: Timestamp) -> Result<bool, Error> {
        let operation = OperationId::from_random(random()?);
        Ok(self.nonces.redeem_nonce(nonce, expires_at, operation).await? == Redemption::Redeemed)
    }

    /// The live secrets, newest first.
    ///
    /// # Errors
    /// [`Failure::NoNonceSecrets`] before the host made the first; when the store cannot answer.
    pub async fn secrets(&self) -> Result<NonceSecrets, Error> {
        let stored = self.nonces.nonce_secrets().await?;
        stored
            .map(|stored| stored.value)
            .filter(|secrets| !secrets.live.is_empty())
            .ok_or(Failure::NoNonceSecrets.into())
    }
}

/// Makes the secrets of nonces and replaces them. Part of hosts, never of what clients ask.
pub struct NonceSecretRotation {
    nonces: Arc<dyn NonceStore>,
    clock: Arc<dyn Clock>,
}

impl NonceSecretRotation {
    /// Those of this store.
    pub fn new(nonces: Arc<dyn NonceStore>, clock: Arc<dyn Clock>) -> Self {
        Self { nonces, clock }
    }

    /// Makes the first secret, or puts a new one before the newest when that is a day old. Of
    /// several hosts that do it at the same time one wins, and its secrets count for all.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn ensure(&self) -> Result<(), Failure> {
        let stored = self.nonces.nonce_secrets().await?;
        let now = self.clock.now();
        let newest = stored.as_ref().and_then(|stored| stored.live.first());
        if newest.is_some_and(|newest| now.duration_since(newest.made_at) < ROTATION) {
            return Ok(());
        }
        let secret = NonceSecret {
            number: newest.map_or(0, |newest| newest.number.wrapping_add(1)),
            made_at: now,
            key: random::<32>()?.to_vec(),
        };
        let live = std::iter::once(secret).chain(newest.cloned()).collect();
        let after: Versioned<NonceSecrets> = versioned(NonceSecrets { live })?;
        match self.nonces.update_nonce_secrets(stored.map(|stored| stored.version), &after).await {
            Ok(()) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// How long new nonces are made with one secret. Much longer than a nonce lives, so that a nonce is
/// never older than the second secret.
const ROTATION: SignedDuration = SignedDuration::from_hours(24);
