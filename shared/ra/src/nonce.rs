//! Nonces, as far as they are state: which were used, and the secrets that they are made with.
//!
//! Requests only read the secrets. The host makes the first and rotates them: at start and in its
//! maintenance in one process, at deployment and on schedule on AWS. So no stranger's request ever
//! leads to a write, and the functions need no right to write secrets.

use authority::{Failure, random, versioned};
use jiff::{SignedDuration, Timestamp};
use store::{NonceSecret, NonceSecrets, OperationId, Redemption, StoreError, Versioned};

use crate::{Authority, Error};

impl Authority {
    /// Marks a nonce as used; `false` when it was used before.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn redeem_nonce(&self, nonce: &str, expires_at: Timestamp) -> Result<bool, Error> {
        let operation = OperationId::from_random(random()?);
        Ok(self.store.redeem_nonce(nonce, expires_at, operation).await? == Redemption::Redeemed)
    }

    /// The live secrets, newest first.
    ///
    /// # Errors
    /// [`Failure::NoNonceSecrets`] before the host made the first; when the store cannot answer.
    pub async fn nonce_secrets(&self) -> Result<NonceSecrets, Error> {
        let stored = self.store.nonce_secrets().await?;
        stored
            .map(|stored| stored.value)
            .filter(|secrets| !secrets.live.is_empty())
            .ok_or(Failure::NoNonceSecrets.into())
    }

    /// Makes the first secret, or puts a new one before the newest when that is a day old. Of several
    /// hosts that do it at the same time one wins, and its secrets count for all.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn ensure_nonce_secrets(&self) -> Result<(), Error> {
        let stored = self.store.nonce_secrets().await?;
        let now = self.now();
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
        match self.store.update_nonce_secrets(stored.map(|stored| stored.version), &after).await {
            Ok(()) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// How long new nonces are made with one secret. Much longer than a nonce lives, so that a nonce is
/// never older than the second secret.
const ROTATION: SignedDuration = SignedDuration::from_hours(24);
