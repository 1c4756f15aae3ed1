//! Accounts and the index of their keys, which change together.

use acme::{Account, AccountId, DirectoryId};
use async_trait::async_trait;
use jiff::Timestamp;
use jose::Thumbprint;

use super::{
    DynamoDbStore,
    condition::{Condition, Verdict},
    item::{Item, Record, corrupt},
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
        self.put_each(self.contact_entries(None, account)).await?;
        for _ in 0..ROUNDS {
            let verdicts = self
                .transact(account.version, [self.account_write(None, account)?, self.index_write(account)?])
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
        for _ in 0..ROUNDS {
            let index = key::account_by_key(directory, key);
            let Some(index) = self.get(index, Consistency::Strong).await? else { return Ok(None) };
            match self.account(index.record()?).await? {
                Some(account) if account.key.thumbprint() == *key => return Ok(Some(account)),
                Some(_) => {} // Its key was replaced between the two reads.
                None => break,
            }
        }
        Err(corrupt(AccountId::NAME, Dangling))
    }

    async fn update_account(&self, before: &Versioned<Account>, after: &Versioned<Account>) -> Result<(), StoreError> {
        let item = Item::of_versioned(key::account(after.id), after, &self.retention)?;
        self.put_each(self.contact_entries(Some(before), after)).await?;
        self.put(item, Condition::Version(before.version)).await?.accept(after.version)
    }

    async fn replace_account_key(
        &self,
        before: &Versioned<Account>,
        after: &Versioned<Account>,
    ) -> Result<KeyReplacement, StoreError> {
        let writes =
            [self.account_write(Some(before), after)?, self.index_write(after)?, Write::Delete(index_key(before))];
        let [account, index, _] = self.transact(after.version, writes).await?;
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

    /// The write of the index entry for the account's key, provided that the key is free.
    pub(super) fn index_write(&self, account: &Account) -> Result<Write, StoreError> {
        Ok(Write::Put(Item::of(index_key(account), &account.id, &self.retention)?, Condition::Absent))
    }
}

impl Record for Account {
    const NAME: &'static str = "account";

    fn kept_until(&self, _: &Retention) -> Option<Timestamp> {
        None
    }
}

/// The record of an entry in the index of keys.
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

/// How often index and account are read again when a key is replaced between the two.
const ROUNDS: usize = 5;
