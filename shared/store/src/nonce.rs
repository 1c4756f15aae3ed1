//! Redeemed nonces, and the secrets that nonces are made with.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{OperationId, StoreError, Versioned};

/// The nonces. Only redeemed ones are remembered: handing one out writes nothing.
#[async_trait]
pub trait NonceStore: Send + Sync {
    /// Marks a nonce as used. `nonce` is its text; it may be forgotten after `expires_at`, which is the
    /// same whenever the same nonce comes.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn redeem_nonce(
        &self,
        nonce: &str,
        expires_at: Timestamp,
        operation: OperationId,
    ) -> Result<Redemption, StoreError>;

    /// The secrets; `None` before the first were put.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn nonce_secrets(&self) -> Result<Option<Versioned<NonceSecrets>>, StoreError>;

    /// Puts `after` in the place of `before`, where `None` is nothing there.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the secrets are no longer `before`; [`StoreError::Unavailable`].
    async fn update_nonce_secrets(
        &self,
        before: Option<OperationId>,
        after: &Versioned<NonceSecrets>,
    ) -> Result<(), StoreError>;
}

/// The outcome of a redemption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redemption {
    /// It was not used before.
    Redeemed,
    /// It was.
    AlreadyUsed,
}

/// The secrets that are live: nonces are made with the first and accepted from all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NonceSecrets {
    /// Newest first; two at most.
    pub live: Vec<NonceSecret>,
}

/// One secret. Its `Debug` form does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct NonceSecret {
    /// Counts up; its low byte tells in a nonce which secret made it.
    pub number: u32,
    /// When it was made, for rotation.
    #[zeroize(skip)]
    pub made_at: Timestamp,
    /// The key of the MAC: 32 bytes.
    #[serde(with = "jose::base64url")]
    pub key: Vec<u8>,
}

impl std::fmt::Debug for NonceSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NonceSecret")
            .field("number", &self.number)
            .field("made_at", &self.made_at)
            .finish_non_exhaustive()
    }
}
