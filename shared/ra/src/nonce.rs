//! The stored state of nonces: which of them were used, and the secrets with which they are made.
//!
//! Requests only read the secrets. The host creates the first and rotates them: at start and in its
//! maintenance in one process, at deployment and on schedule on AWS. So no stranger's request ever
//! leads to a write of secrets, and the functions need no right to write them.

use std::sync::Arc;

use authority::{Clock, Failure, random, versioned};
use jiff::{SignedDuration, Timestamp};
use store::{NonceSecret, NonceSecrets, NonceStore, OperationId, Redemption, StoreError, Versioned};

use crate::Error;

/// Redeems nonces, and reads the secrets with which they are made.
pub struct Nonces {
    nonces: Arc<dyn NonceStore>,
}

impl Nonces {
    /// Uses the nonces of this store.
    pub fn new(nonces: Arc<dyn NonceStore>) -> Self {
        Self { nonces }
    }

    /// Marks a nonce as used; `false` if it has been used before.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn redeem(&self, nonce: &str, expires_at: Timestamp) -> Result<bool, Error> {
        let operation = OperationId::from_random(random()?);
        Ok(self.nonces.redeem_nonce(nonce, expires_at, operation).await? == Redemption::Redeemed)
    }

    /// The current secrets, newest first.
    ///
    /// # Errors
    /// [`Failure::NoNonceSecrets`] before the host has created the first one; when the store cannot
    /// answer.
    pub async fn secrets(&self) -> Result<NonceSecrets, Error> {
        let stored = self.nonces.nonce_secrets().await?;
        stored
            .map(|stored| stored.value)
            .filter(|secrets| !secrets.live.is_empty())
            .ok_or(Failure::NoNonceSecrets.into())
    }
}

/// Creates and rotates the nonce secrets. Only hosts use it, never a request of a client.
pub struct NonceSecretRotation {
    nonces: Arc<dyn NonceStore>,
    clock: Arc<dyn Clock>,
}

impl NonceSecretRotation {
    /// Rotates the secrets of this store.
    pub fn new(nonces: Arc<dyn NonceStore>, clock: Arc<dyn Clock>) -> Self {
        Self { nonces, clock }
    }

    /// Creates the first secret, or adds a new one when the newest is a day old. Of several hosts
    /// that do this at the same time one wins, and all use its secrets.
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

/// How long new nonces are made with one secret. This is much longer than a nonce is valid, so a
/// nonce is never older than the second secret.
const ROTATION: SignedDuration = SignedDuration::from_hours(24);
