//! Redeemed nonces, and the secrets with which nonces are generated.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{OperationId, StoreError, Versioned};

/// Access to the nonces. Only redeemed nonces are stored: issuing a nonce writes nothing.
#[async_trait]
pub trait NonceStore: Send + Sync {
    /// Marks a nonce as used. `nonce` is its text. The mark may be deleted after `expires_at`,
    /// which is always the same for the same nonce.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn redeem_nonce(
        &self,
        nonce: &str,
        expires_at: Timestamp,
        operation: OperationId,
    ) -> Result<Redemption, StoreError>;

    /// The secrets; `None` before the first are stored.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn nonce_secrets(&self) -> Result<Option<Versioned<NonceSecrets>>, StoreError>;

    /// Replaces `before` with `after`; `None` means that nothing is stored yet.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the stored secrets are not `before`;
    /// [`StoreError::Unavailable`].
    async fn update_nonce_secrets(
        &self,
        before: Option<OperationId>,
        after: &Versioned<NonceSecrets>,
    ) -> Result<(), StoreError>;
}

/// The outcome of a redemption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redemption {
    /// The nonce had not been used.
    Redeemed,
    /// The nonce had already been used.
    AlreadyUsed,
}

/// The secrets in use: nonces are generated with the first and accepted from all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NonceSecrets {
    /// The secrets, newest first; at most two.
    pub live: Vec<NonceSecret>,
}

/// One secret. Its `Debug` output does not contain it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct NonceSecret {
    /// A number that increases with every secret. Its low byte in a nonce identifies the secret
    /// with which the nonce was generated.
    pub number: u32,
    /// When it was created; rotation depends on its age.
    #[zeroize(skip)]
    pub made_at: Timestamp,
    /// The MAC key: 32 bytes.
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
