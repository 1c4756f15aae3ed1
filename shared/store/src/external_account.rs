//! Keys that bind ACME accounts to accounts elsewhere (RFC 8555 §7.3.4).
//!
//! What is kept of a key holds no secret: its MAC key is derived from one secret of the CA and the key's
//! id. Whoever reads the records can neither use a key nor make one.

use acme::{Account, AccountId, ExternalAccountKeyId};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{Creation, StoreError, Versioned};

/// The keys of external accounts.
#[async_trait]
pub trait ExternalAccountStore {
    /// Stores a new key.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the id is taken; [`StoreError::Unavailable`].
    async fn create_external_account_key(&self, key: &Versioned<ExternalAccountKey>) -> Result<(), StoreError>;

    /// The key of that id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn external_account_key(
        &self,
        id: ExternalAccountKeyId,
    ) -> Result<Option<Versioned<ExternalAccountKey>>, StoreError>;

    /// Makes the account unless its directory already has one with its key, and puts the key `after`,
    /// which is bound to it, in the place of `before`: both in one atomic change, or neither. So a key
    /// binds one account however many ask at the same time.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the key is no longer `before`; [`StoreError::Unavailable`],
    /// [`StoreError::Corrupt`].
    async fn create_bound_account_if_absent(
        &self,
        account: &Versioned<Account>,
        before: &Versioned<ExternalAccountKey>,
        after: &Versioned<ExternalAccountKey>,
    ) -> Result<Creation<Versioned<Account>>, StoreError>;

    /// The secret that MAC keys are derived from; `None` before it was made.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn external_account_secret(&self) -> Result<Option<ExternalAccountSecret>, StoreError>;

    /// Stores the secret unless there is one. It is never replaced: every key rests on it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn create_external_account_secret_if_absent(&self, secret: &ExternalAccountSecret) -> Result<(), StoreError>;
}

/// A key, as far as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalAccountKey {
    /// Its id: the `kid` of a binding.
    pub id: ExternalAccountKeyId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when an account can be bound with it.
    pub expires_at: Timestamp,
    /// Whether the operator took it back.
    pub revoked: bool,
    /// The account that is bound with it. A key binds one.
    pub account: Option<AccountId>,
}

impl ExternalAccountKey {
    /// Whether an account can be bound with it.
    pub fn is_usable(&self, now: Timestamp) -> bool {
        !self.revoked && self.account.is_none() && now < self.expires_at
    }
}

/// The secret that MAC keys are derived from. Its `Debug` form does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct ExternalAccountSecret {
    /// When it was made.
    #[zeroize(skip)]
    pub made_at: Timestamp,
    /// 32 bytes.
    #[serde(with = "jose::base64url")]
    pub key: Vec<u8>,
}

impl std::fmt::Debug for ExternalAccountSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExternalAccountSecret").field("made_at", &self.made_at).finish_non_exhaustive()
    }
}
