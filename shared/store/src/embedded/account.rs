//! Accounts and the index of their keys.

use acme::{Account, AccountId, DirectoryId};
use async_trait::async_trait;
use jiff::Timestamp;
use jose::Thumbprint;

use super::{
    EmbeddedStore,
    batch::{Batch, Condition},
    change::Change,
    expiry::{self, Expiring},
    failure::Failure,
    key, purge,
    record::{self, IndexRow, Malformed, Record},
    table::{self, TableName},
};
use crate::{AccountStore, Creation, KeyReplacement, Retention, StoreError, Versioned};

#[async_trait]
impl AccountStore for EmbeddedStore {
    async fn create_account_if_absent(
        &self,
        account: &Versioned<Account>,
    ) -> Result<Creation<Versioned<Account>>, StoreError> {
        let change = self.account_change(None, account)?;
        let (account, retention) = (account.clone(), self.retention);
        self.write(move |batch| {
            if let Some(existing) = existing_account(batch, &account, &retention)? {
                return Ok(existing);
            }
            if change.check(batch)? == Condition::Holds {
                put_account(batch, &change, &account);
            }
            Ok(Creation::Created)
        })
        .await
    }

    async fn account(&self, id: AccountId) -> Result<Option<Versioned<Account>>, StoreError> {
        self.read(|snapshot| snapshot.versioned(&id.to_string()))
    }

    async fn account_by_key(
        &self,
        directory: &DirectoryId,
        key: &Thumbprint,
    ) -> Result<Option<Versioned<Account>>, StoreError> {
        self.read(|snapshot| {
            let key = key::account_by_key(directory, key);
            match snapshot.row(table::ACCOUNT_BY_KEY, &key, |row| Ok(text(row)?))? {
                Some(id) => Ok(Some(snapshot.versioned(&id)?.ok_or_else(dangling)?)),
                None => Ok(None),
            }
        })
    }

    async fn update_account(&self, before: &Versioned<Account>, after: &Versioned<Account>) -> Result<(), StoreError> {
        let change = self.account_change(Some(before), after)?;
        if before.status == after.status {
            return self.apply(vec![change]).await;
        }
        // It ends, or an operator decided about it.
        self.apply_from_reserve(vec![change]).await
    }

    async fn replace_account_key(
        &self,
        before: &Versioned<Account>,
        after: &Versioned<Account>,
    ) -> Result<KeyReplacement, StoreError> {
        let id = after.id.to_string();
        let (old_key, new_key) = (key_of(before), key_of(after));
        let change = self.account_change(Some(before), after)?;
        self.write(move |batch| {
            if change.check(batch)? == Condition::AlreadyApplied {
                return Ok(KeyReplacement::Replaced);
            }
            match owner(batch, &new_key)? {
                Some(other) if other != id => {
                    let other = other.parse().map_err(|error| record::corrupt(table::ACCOUNT_BY_KEY, error))?;
                    return Ok(KeyReplacement::KeyInUse(other));
                }
                _ => {}
            }
            change.put(batch);
            batch.remove(table::ACCOUNT_BY_KEY, &old_key);
            batch.put(table::ACCOUNT_BY_KEY, &new_key, id.as_bytes());
            // Removing the old entry is also a write in other engines.
            batch.count(1);
            Ok(KeyReplacement::Replaced)
        })
        .await
    }
}

impl EmbeddedStore {
    pub(super) fn account_change(
        &self,
        before: Option<&Versioned<Account>>,
        after: &Versioned<Account>,
    ) -> Result<Change, StoreError> {
        let change = Change::indexed(after.id.to_string(), before, after, &self.retention)?;
        // The index entries of the account's contacts and former keys, and in other engines of a
        // new account without a binding.
        let contacts = before.map(|before| before.contact.as_slice()).unwrap_or_default();
        let contacts = after.contact.iter().filter(|contact| !contacts.contains(contact)).count();
        let former = before.map(|before| before.former_keys.as_slice()).unwrap_or_default();
        let former = after.former_keys.iter().filter(|key| !former.contains(key)).count();
        let unbound = usize::from(before.is_none() && after.external_account.is_none());
        Ok(change.implying(contacts + former + unbound))
    }
}

impl Record for Account {
    const TABLE: TableName = table::ACCOUNT;

    fn index_rows(&self, retention: &Retention) -> Vec<IndexRow> {
        let contacts = self.contact.iter();
        let by_contact =
            contacts.map(|contact| IndexRow { table: table::CONTACT, key: key::account_by_contact(contact, self.id) });
        let by_former_key = self
            .former_keys
            .iter()
            .map(|former| IndexRow { table: table::FORMER_KEY, key: key::account_by_former_key(former, self.id) });
        let directory = key::directory_of_a_key(&self.key.thumbprint(), &self.directory);
        let expiry = retention.of_account(self).map(|_| expiry::index_row(self, &self.id.to_string(), retention));
        let directory = IndexRow { table: table::DIRECTORY_OF_KEY, key: directory };
        by_contact.chain(by_former_key).chain([directory]).chain(expiry).collect()
    }
}

impl Expiring for Account {
    fn kept_until(&self, retention: &Retention) -> Timestamp {
        retention.of_account(self).unwrap_or(Timestamp::MAX)
    }

    /// Deletes its entry in the index of keys, so that the key is free.
    fn forget_others(&self, batch: &mut Batch<'_>) -> Result<(), Failure> {
        let key = key_of(self);
        if owner(batch, &key)?.is_some_and(|owner| owner == self.id.to_string()) {
            batch.remove(table::ACCOUNT_BY_KEY, &key);
        }
        Ok(())
    }
}

/// The outcome when the directory has an account with that key: the same account if the answer to
/// its creation was lost, or another one. One that had lapsed when the new account was created
/// makes room for it.
pub(super) fn existing_account(
    batch: &mut Batch<'_>,
    account: &Versioned<Account>,
    retention: &Retention,
) -> Result<Option<Creation<Versioned<Account>>>, Failure> {
    let Some(owner) = owner(batch, &key_of(account))? else { return Ok(None) };
    let row = batch.row(table::ACCOUNT, &owner)?.ok_or_else(dangling)?;
    let existing: Versioned<Account> = record::decode_versioned(&row)?;
    if existing.has_lapsed(account.created_at) {
        purge::settle_record::<Account>(batch, &owner, retention, account.created_at)?;
        return Ok(None);
    }
    let is_ours = existing.version == account.version;
    Ok(Some(if is_ours { Creation::Created } else { Creation::Existing(existing) }))
}

/// Stores the account and its entry in the index of keys.
pub(super) fn put_account(batch: &mut Batch<'_>, change: &Change, account: &Account) {
    change.put(batch);
    batch.put(table::ACCOUNT_BY_KEY, &key_of(account), account.id.to_string().as_bytes());
}

fn key_of(account: &Account) -> String {
    key::account_by_key(&account.directory, &account.key.thumbprint())
}

/// The account that has the key.
fn owner(batch: &mut Batch<'_>, key: &str) -> Result<Option<String>, Failure> {
    Ok(batch.row(table::ACCOUNT_BY_KEY, key)?.map(|row| text(&row)).transpose()?)
}

fn text(row: &[u8]) -> Result<String, StoreError> {
    let text = str::from_utf8(row).map_err(|error| record::corrupt(table::ACCOUNT_BY_KEY, error))?;
    Ok(text.to_owned())
}

/// The index refers to an account that does not exist.
fn dangling() -> StoreError {
    record::corrupt(table::ACCOUNT_BY_KEY, Malformed)
}
