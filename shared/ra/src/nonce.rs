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
        let newest = stored.as_ref().and_then(|stored| stored.live.first()).cloned();
        if newest.as_ref().is_some_and(|newest| now.duration_since(newest.made_at) < ROTATION) {
            return Ok(());
        }
        self.add(stored, newest).await
    }

    /// Makes every nonce from before invalid, because the store may not know which were used: it
    /// was restored from a backup.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn renew(&self) -> Result<(), Failure> {
        let stored = self.nonces.nonce_secrets().await?;
        self.add(stored, None).await
    }

    /// Puts a new secret in front of the one that is kept.
    async fn add(&self, stored: Option<Versioned<NonceSecrets>>, kept: Option<NonceSecret>) -> Result<(), Failure> {
        let last = stored.as_ref().and_then(|stored| stored.live.first());
        let secret = NonceSecret {
            number: last.map_or(0, |last| last.number.wrapping_add(1)),
            made_at: self.clock.now(),
            key: random::<32>()?.to_vec(),
        };
        let live = std::iter::once(secret).chain(kept).collect();
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
