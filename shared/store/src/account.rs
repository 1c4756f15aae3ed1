//! Accounts and the index of their keys: one account for a key in a directory.

use acme::{Account, AccountId, DirectoryId};
use async_trait::async_trait;
use jose::Thumbprint;

use crate::{StoreError, Versioned};

/// The accounts.
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Makes the account unless its directory already has one with its key, atomically.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn create_account_if_absent(
        &self,
        account: &Versioned<Account>,
    ) -> Result<Creation<Versioned<Account>>, StoreError>;

    /// The account of that id.
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

    /// Puts `after` in the place of `before`; both have the same id and the same key.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the account is no longer `before`; [`StoreError::Unavailable`].
    async fn update_account(&self, before: &Versioned<Account>, after: &Versioned<Account>) -> Result<(), StoreError>;

    /// Puts `after`, which has another key, in the place of `before`, and moves the index of keys,
    /// all in one atomic change (RFC 8555 §7.3.5). The old key is free afterwards.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the account is no longer `before`; [`StoreError::Unavailable`].
    async fn replace_account_key(
        &self,
        before: &Versioned<Account>,
        after: &Versioned<Account>,
    ) -> Result<KeyReplacement, StoreError>;
}

/// The outcome of making something unless it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Creation<T> {
    /// It is there now, as given.
    Created,
    /// This was there before.
    Existing(T),
}

/// The outcome of a key replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyReplacement {
    /// The account has the new key.
    Replaced,
    /// Another account of the directory has that key; nothing changed.
    KeyInUse(AccountId),
}
