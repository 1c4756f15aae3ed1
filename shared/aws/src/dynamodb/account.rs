//! Accounts and the indexes of their keys and former keys, which change together.

use acme::{Account, AccountId, DirectoryId};
use async_trait::async_trait;
use jiff::Timestamp;
use jose::Thumbprint;

use super::{
    DynamoDbStore,
    condition::{Condition, Verdict},
    item::{EXPIRES, Item, Record, corrupt},
    key::{self, Key},
    read::Consistency,
    write::Write,
};
use store::{AccountStore, Creation, KeyReplacement, Retention, StoreError, Versioned};

#[async_trait]
impl AccountStore for DynamoDbStore {
    async fn create_account_if_absent(
        &self,
        account: &Versioned<Account>,
    ) -> Result<Creation<Versioned<Account>>, StoreError> {
        self.put_each(self.account_entries(None, account)).await?;
        for _ in 0..ROUNDS {
            let verdicts = self
                .transact(account.version, [self.account_write(None, account)?, self.new_index_write(account)?])
                .await?;
            match verdicts {
                [Verdict::Held, Verdict::Held] => return Ok(Creation::Created),
                [Verdict::Failed(_), Verdict::Held] => return Err(StoreError::Conflict),
                [_, Verdict::Failed(_)] => {}
            }
            match self.account_by_key(&account.directory, &account.key.thumbprint()).await? {
                Some(existing) if existing.version == account.version => return Ok(Creation::Created),
                Some(existing) => return Ok(Creation::Existing(existing)),
                // The account that had the key has just replaced it, so the key is free now.
                None => {}
            }
        }
        Err(StoreError::Conflict)
    }

    async fn account(&self, id: AccountId) -> Result<Option<Versioned<Account>>, StoreError> {
        let item = self.get(key::account(id), Consistency::Strong).await?;
        item.map(|item| item.versioned()).transpose()
    }

    async fn account_by_key(
        &self,
        directory: &DirectoryId,
        key: &Thumbprint,
    ) -> Result<Option<Versioned<Account>>, StoreError> {
        let mut seen = None;
        for _ in 0..ROUNDS {
            let index = key::account_by_key(directory, key);
            let Some(index) = self.get(index, Consistency::Strong).await? else { return Ok(None) };
            match self.account(index.record()?).await? {
                Some(account) if account.key.thumbprint() == *key => return Ok(Some(account)),
                Some(account) if seen == Some(account.version) => return Err(corrupt(AccountId::NAME, Dangling)),
                // Its key was replaced between the two reads.
                Some(account) => seen = Some(account.version),
                // It was not used, and the account was deleted first.
                None if index.number(EXPIRES).is_some() => return Ok(None),
                None => return Err(corrupt(AccountId::NAME, Dangling)),
            }
        }
        Err(StoreError::Unavailable(Box::new(Restless)))
    }

    async fn update_account(&self, before: &Versioned<Account>, after: &Versioned<Account>) -> Result<(), StoreError> {
        self.put_each(self.account_entries(Some(before), after)).await?;
        if self.retention.of_account(before) == self.retention.of_account(after) {
            let item = Item::of_versioned(key::account(after.id), after, &self.retention)?;
            return self.put(item, Condition::Version(before.version)).await?.accept(after.version);
        }
        // The index of keys must not end before the account. If it has, the account has lapsed, and
        // another one may have the key.
        let index = self.index_item(after)?;
        let still = Condition::Record(index.record_text().unwrap_or_default().to_owned());
        let writes = [self.account_write(Some(before), after)?, Write::Put(index, still)];
        let [account, index] = self.transact(after.version, writes).await?;
        match (account, index) {
            (Verdict::Held, Verdict::Failed(_)) => Err(StoreError::Conflict),
            (account, _) => account.accept(after.version),
        }
    }

    async fn replace_account_key(
        &self,
        before: &Versioned<Account>,
        after: &Versioned<Account>,
    ) -> Result<KeyReplacement, StoreError> {
        let formerly = self.former_key_entry(&before.key.thumbprint(), after);
        let writes = [
            self.account_write(Some(before), after)?,
            self.index_write(after)?,
            Write::Delete(index_key(before)),
            Write::Put(formerly, Condition::Always),
        ];
        let [account, index, ..] = self.transact(after.version, writes).await?;
        match (account, index) {
            (Verdict::Held, Verdict::Held) => Ok(KeyReplacement::Replaced),
            (Verdict::Held, Verdict::Failed(Some(other))) => Ok(KeyReplacement::KeyInUse(other.record()?)),
            (Verdict::Held, Verdict::Failed(None)) => Err(corrupt(AccountId::NAME, Dangling)),
            (failed, _) => failed.accept(after.version).map(|()| KeyReplacement::Replaced),
        }
    }
}

impl DynamoDbStore {
    pub(super) fn account_write(
        &self,
        before: Option<&Versioned<Account>>,
        after: &Versioned<Account>,
    ) -> Result<Write, StoreError> {
        let item = Item::of_versioned(key::account(after.id), after, &self.retention)?;
        Ok(Write::Put(item, Condition::still(before.map(|before| before.version))))
    }

    /// The write of the index entry for the account's new key, provided that the key is free.
    pub(super) fn index_write(&self, account: &Account) -> Result<Write, StoreError> {
        Ok(Write::Put(self.index_item(account)?, Condition::Absent))
    }

    /// The write of the index entry for the key of a new account, provided that the key is free or
    /// the account that had it has lapsed.
    pub(super) fn new_index_write(&self, account: &Account) -> Result<Write, StoreError> {
        Ok(Write::Put(self.index_item(account)?, Condition::NotOutlasting(account.created_at)))
    }

    /// The index entry for the account's key, which ends with the account.
    fn index_item(&self, account: &Account) -> Result<Item, StoreError> {
        let item = Item::of(index_key(account), &account.id, &self.retention)?;
        Ok(match self.retention.of_account(account) {
            Some(end) => item.with_expiry(end),
            None => item,
        })
    }
}

impl Record for Account {
    const NAME: &'static str = "account";

    fn kept_until(&self, retention: &Retention) -> Option<Timestamp> {
        retention.of_account(self)
    }
}

/// The record of an entry in the index of keys. When it ends is known to its account alone.
impl Record for AccountId {
    const NAME: &'static str = "account by key";

    fn kept_until(&self, _: &Retention) -> Option<Timestamp> {
        None
    }
}

fn index_key(account: &Account) -> Key {
    key::account_by_key(&account.directory, &account.key.thumbprint())
}

#[derive(Debug, thiserror::Error)]
#[error("the index of keys does not refer to the account that has the key")]
struct Dangling;

#[derive(Debug, thiserror::Error)]
#[error("the key of the account was replaced between all reads of it")]
struct Restless;

/// How often index and account are read again when a key is replaced between the two, each time by
/// another request.
const ROUNDS: usize = 60;
