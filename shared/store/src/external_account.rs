//! Keys that bind ACME accounts to accounts elsewhere (RFC 8555 §7.3.4).
//!
//! What is kept of a key holds no secret: its MAC key is derived from one secret of the CA and the key's
//! id. Whoever reads the records can neither use a key nor make one.

use acme::{Account, AccountId, ExternalAccountKeyId, Identifier, ProfileName, UnknownMembers};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{Creation, IdentifierRule, Page, StoreError, Versioned};

/// The keys of external accounts.
#[async_trait]
pub trait ExternalAccountStore: Send + Sync {
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

    /// The keys by id, oldest first: those behind `after`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn external_account_keys(
        &self,
        after: Option<ExternalAccountKeyId>,
        limit: usize,
    ) -> Result<Page<Versioned<ExternalAccountKey>>, StoreError>;

    /// Puts `after` in the place of `before`.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the key is no longer `before`; [`StoreError::Unavailable`].
    async fn update_external_account_key(
        &self,
        before: &Versioned<ExternalAccountKey>,
        after: &Versioned<ExternalAccountKey>,
    ) -> Result<(), StoreError>;

    /// Makes the account unless its directory already has one with its key, and puts the key `after`,
    /// which counts it, in the place of `before`: both in one atomic change, or neither. So a key
    /// binds as many accounts as it may however many ask at the same time.
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
    /// Who had it made.
    pub minted_by: String,
    /// For people.
    pub label: String,
    /// Until when accounts can be bound with it.
    pub expires_at: Timestamp,
    /// Whether the operator took it back.
    pub revoked: bool,
    /// The ACME Profile in whose directories it binds accounts; every one when absent.
    pub profile: Option<ProfileName>,
    /// The names that its accounts may ask for; all when there is no rule.
    pub scope: Vec<IdentifierRule>,
    /// How many accounts it may bind; any number when absent.
    pub max_accounts: Option<u32>,
    /// How many it has bound.
    pub accounts: u32,
    /// The first sixteen of them.
    pub bound: Vec<AccountId>,
    /// What a newer version knows of it.
    #[serde(flatten)]
    pub unknown: UnknownMembers,
}

impl ExternalAccountKey {
    /// A key for one account, in every profile and for all names.
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

    /// Whether a further account can be bound with it.
    pub fn is_usable(&self, now: Timestamp) -> bool {
        !self.revoked && self.max_accounts.is_none_or(|most| self.accounts < most) && now < self.expires_at
    }

    /// Whether its accounts may ask for the name. A scope holds for as long as the key is remembered, also
    /// after its end.
    pub fn covers(&self, identifier: &Identifier) -> bool {
        self.scope.is_empty() || self.scope.iter().any(|rule| rule.allows(identifier))
    }

    /// The key once it binds a further account.
    #[must_use]
    pub fn binding(&self, account: AccountId) -> Self {
        let mut after = Self { accounts: self.accounts.saturating_add(1), ..self.clone() };
        if after.bound.len() < MAX_LISTED {
            after.bound.push(account);
        }
        after
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

/// So that the record of a key for thousands of accounts stays small.
const MAX_LISTED: usize = 16;
