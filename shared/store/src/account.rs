//! Accounts and the index of their keys: one account for a key in a directory.

use acme::{Account, AccountId, DirectoryId};
use async_trait::async_trait;
use jose::Thumbprint;

use crate::{StoreError, Versioned};

/// Access to the accounts and to the index of their keys.
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Creates the account, atomically, unless its directory already has an account with the same
    /// key.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn create_account_if_absent(
        &self,
        account: &Versioned<Account>,
    ) -> Result<Creation<Versioned<Account>>, StoreError>;

    /// The account with that id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn account(&self, id: AccountId) -> Result<Option<Versioned<Account>>, StoreError>;

    /// The account that has the key in the directory.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn account_by_key(
        &self,
        directory: &DirectoryId,
        key: &Thumbprint,
    ) -> Result<Option<Versioned<Account>>, StoreError>;

    /// Replaces `before` with `after`; both have the same id and the same key.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the stored account is not `before`;
    /// [`StoreError::Unavailable`].
    async fn update_account(&self, before: &Versioned<Account>, after: &Versioned<Account>) -> Result<(), StoreError>;

    /// Replaces `before` with `after`, which has another key, and moves the entry in the index of
    /// keys, in one atomic change (RFC 8555 §7.3.5). Afterwards a new account may use the old key.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the stored account is not `before`;
    /// [`StoreError::Unavailable`].
    async fn replace_account_key(
        &self,
        before: &Versioned<Account>,
        after: &Versioned<Account>,
    ) -> Result<KeyReplacement, StoreError>;
}

/// The outcome of creating something unless it already exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Creation<T> {
    /// It was created as given.
    Created,
    /// It already existed, and this is what is stored.
    Existing(T),
}

/// The outcome of a key replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyReplacement {
    /// The account has the new key.
    Replaced,
    /// Another account of the directory has that key; nothing was changed.
    KeyInUse(AccountId),
}
