//! Accounts and the index of their keys.

use acme::{Account, AccountId, DirectoryId};
use async_trait::async_trait;
use jose::Thumbprint;
use store::{AccountStore, Creation, KeyReplacement, StoreError, Versioned};

use super::{Condition, MemoryStore, Tables};

#[async_trait]
impl AccountStore for MemoryStore {
    async fn create_account_if_absent(
        &self,
        account: &Versioned<Account>,
    ) -> Result<Creation<Versioned<Account>>, StoreError> {
        let mut tables = self.lock();
        if let Some(existing) = self.existing(&tables, account, Condition::NewAccountKey) {
            return Ok(existing);
        }
        let id = account.id.to_string();
        self.replace(&mut tables.accounts, id, None, account, Condition::NewAccountId)?;
        tables.account_of_key.insert(key_of(account), account.id);
        Ok(Creation::Created)
    }

    async fn account(&self, id: AccountId) -> Result<Option<Versioned<Account>>, StoreError> {
        Ok(self.lock().accounts.get(&id.to_string()).cloned())
    }

    async fn account_by_key(
        &self,
        directory: &DirectoryId,
        key: &Thumbprint,
    ) -> Result<Option<Versioned<Account>>, StoreError> {
        let tables = self.lock();
        let id = tables.account_of_key.get(&key_in(directory, key));
        Ok(id.and_then(|id| tables.accounts.get(&id.to_string())).cloned())
    }

    async fn update_account(&self, before: &Versioned<Account>, after: &Versioned<Account>) -> Result<(), StoreError> {
        let (mut tables, id) = (self.lock(), after.id.to_string());
        if before.kept_until() != after.kept_until() && tables.account_of_key.get(&key_of(after)) != Some(&after.id) {
            return Err(StoreError::Conflict);
        }
        self.replace(&mut tables.accounts, id, Some(before.version), after, Condition::AccountVersion)
    }

    async fn replace_account_key(
        &self,
        before: &Versioned<Account>,
        after: &Versioned<Account>,
    ) -> Result<KeyReplacement, StoreError> {
        let (mut tables, id) = (self.lock(), after.id.to_string());
        let condition = Condition::ReplacedKeyVersion;
        if !self.is_due(&tables.accounts, &id, Some(before.version), after, condition)? {
            return Ok(KeyReplacement::Replaced);
        }
        let owner = tables.account_of_key.get(&key_of(after)).copied();
        if let Some(other) = owner.filter(|owner| *owner != after.id)
            && self.demands(Condition::ReplacementKey, false).is_err()
        {
            return Ok(KeyReplacement::KeyInUse(other));
        }
        tables.accounts.insert(id, after.clone());
        tables.account_of_key.remove(&key_of(before));
        tables.account_of_key.insert(key_of(after), after.id);
        Ok(KeyReplacement::Replaced)
    }
}

impl MemoryStore {
    /// The outcome when the directory has an account with that key: the same account if the answer
    /// to its creation was lost, or another one.
    pub(super) fn existing(
        &self,
        tables: &Tables,
        account: &Versioned<Account>,
        condition: Condition,
    ) -> Option<Creation<Versioned<Account>>> {
        let owner = tables.account_of_key.get(&key_of(account))?;
        let existing = tables.accounts.get(&owner.to_string())?;
        if existing.version == account.version {
            return Some(Creation::Created);
        }
        if existing.has_lapsed(account.created_at) {
            return None;
        }
        self.demands(condition, false).is_err().then(|| Creation::Existing(existing.clone()))
    }
}

/// The place of the account's key in the index of keys.
pub(super) fn key_of(account: &Account) -> String {
    key_in(&account.directory, &account.key.thumbprint())
}

fn key_in(directory: &DirectoryId, key: &Thumbprint) -> String {
    format!("{directory}/{key}")
}
