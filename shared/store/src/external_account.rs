//! Keys that bind ACME accounts to accounts elsewhere (RFC 8555 §7.3.4).
//!
//! The records contain no secret: the MAC key of an account is derived from one secret
//! of the CA and the id of the key. Read access to the records allows neither using a key nor
//! creating one.

use acme::{Account, AccountId, ExternalAccountKeyId, Identifier, ProfileName, UnknownMembers};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{Creation, IdentifierRule, Page, StoreError, Versioned};

/// Access to the external account keys.
#[async_trait]
pub trait ExternalAccountStore: Send + Sync {
    /// Stores a new key.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the id is taken; [`StoreError::Unavailable`].
    async fn create_external_account_key(&self, key: &Versioned<ExternalAccountKey>) -> Result<(), StoreError>;

    /// The key with that id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn external_account_key(
        &self,
        id: ExternalAccountKeyId,
    ) -> Result<Option<Versioned<ExternalAccountKey>>, StoreError>;

    /// The keys after the id `after`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn external_account_keys(
        &self,
        after: Option<ExternalAccountKeyId>,
        limit: usize,
    ) -> Result<Page<Versioned<ExternalAccountKey>>, StoreError>;

    /// Replaces `before` with `after`.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the stored key is not `before`; [`StoreError::Unavailable`].
    async fn update_external_account_key(
        &self,
        before: &Versioned<ExternalAccountKey>,
        after: &Versioned<ExternalAccountKey>,
    ) -> Result<(), StoreError>;

    /// Creates the account unless its directory already has an account with the same key, and
    /// replaces the external account key `before` with `after`, which counts the account: both in
    /// one atomic change, or neither. Concurrent requests therefore cannot exceed the maximum
    /// number of accounts of a key.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the stored key is not `before`; [`StoreError::Unavailable`],
    /// [`StoreError::Corrupt`].
    async fn create_bound_account_if_absent(
        &self,
        account: &Versioned<Account>,
        before: &Versioned<ExternalAccountKey>,
        after: &Versioned<ExternalAccountKey>,
    ) -> Result<Creation<Versioned<Account>>, StoreError>;

    /// The secret from which MAC keys are derived; `None` before it is created.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn external_account_secret(&self) -> Result<Option<ExternalAccountSecret>, StoreError>;

    /// Stores the secret unless one is stored. It is never replaced, because every MAC key is
    /// derived from it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn create_external_account_secret_if_absent(&self, secret: &ExternalAccountSecret) -> Result<(), StoreError>;
}

/// An external account key, without its MAC key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalAccountKey {
    /// The `kid` of a binding (RFC 8555 §7.3.4).
    pub id: ExternalAccountKeyId,
    /// The time of its creation.
    pub created_at: Timestamp,
    /// The operator that created it, as in audit records.
    pub minted_by: String,
    /// A note of the operator, without meaning for the CA.
    pub label: String,
    /// The end of the period in which it can bind accounts.
    pub expires_at: Timestamp,
    /// Whether an operator revoked it.
    pub revoked: bool,
    /// The ACME Profile in whose directories it binds accounts; any profile when absent.
    pub profile: Option<ProfileName>,
    /// The identifiers that its accounts may order; all when there is no rule.
    pub scope: Vec<IdentifierRule>,
    /// The maximum number of accounts that it binds; unlimited when absent.
    pub max_accounts: Option<u32>,
    /// The number of accounts that it has bound.
    pub accounts: u32,
    /// The first sixteen accounts that it has bound.
    pub bound: Vec<AccountId>,
    /// Members that a newer version wrote; they are kept when the record is written again.
    #[serde(flatten)]
    pub unknown: UnknownMembers,
}

impl ExternalAccountKey {
    /// A key for one account, in every profile and for all identifiers.
    pub fn new(id: ExternalAccountKeyId, created_at: Timestamp, expires_at: Timestamp) -> Self {
        Self {
            id,
            created_at,
            minted_by: String::new(),
            label: String::new(),
            expires_at,
            revoked: false,
            profile: None,
            scope: Vec::new(),
            max_accounts: Some(1),
            accounts: 0,
            bound: Vec::new(),
            unknown: UnknownMembers::default(),
        }
    }

    /// Whether it can bind another account.
    pub fn is_usable(&self, now: Timestamp) -> bool {
        !self.revoked && self.max_accounts.is_none_or(|most| self.accounts < most) && now < self.expires_at
    }

    /// Whether its accounts may order the identifier. The scope applies as long as the key is
    /// stored, also after its expiry.
    pub fn covers(&self, identifier: &Identifier) -> bool {
        self.scope.is_empty() || self.scope.iter().any(|rule| rule.allows(identifier))
    }

    /// The key after it has bound another account.
    #[must_use]
    pub fn binding(&self, account: AccountId) -> Self {
        let mut after = Self { accounts: self.accounts.saturating_add(1), ..self.clone() };
        if after.bound.len() < MAX_LISTED {
            after.bound.push(account);
        }
        after
    }
}

/// The secret from which MAC keys are derived. Its `Debug` output does not contain it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct ExternalAccountSecret {
    /// The time of its creation.
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

/// Keeps the record of a key for thousands of accounts small.
const MAX_LISTED: usize = 16;
