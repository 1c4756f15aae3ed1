//! External account keys. The binding of an account is one transaction of three items: the account,
//! the index of its key, and the key that binds it.

use acme::{Account, ExternalAccountKeyId};
use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    DynamoDbStore,
    condition::{Condition, Verdict},
    item::{Item, Record},
    key,
    read::Consistency,
    write::Write,
};
use store::{
    AccountStore, Creation, ExternalAccountKey, ExternalAccountSecret, ExternalAccountStore, Page, Retention,
    StoreError, Versioned,
};

#[async_trait]
impl ExternalAccountStore for DynamoDbStore {
    async fn create_external_account_key(&self, key: &Versioned<ExternalAccountKey>) -> Result<(), StoreError> {
        let item = Item::of_versioned(key::external_account_key(key.id), key, &self.retention)?;
        self.put(item, Condition::Absent).await?.accept(key.version)
    }

    async fn external_account_key(
        &self,
        id: ExternalAccountKeyId,
    ) -> Result<Option<Versioned<ExternalAccountKey>>, StoreError> {
        let item = self.get(key::external_account_key(id), Consistency::Strong).await?;
        item.map(|item| item.versioned()).transpose()
    }

    async fn external_account_keys(
        &self,
        after: Option<ExternalAccountKeyId>,
        limit: usize,
    ) -> Result<Page<Versioned<ExternalAccountKey>>, StoreError> {
        let after = after.map(|after| after.to_string());
        self.page(key::external_account_keys(), after, limit).await?.try_map(|item| item.versioned())
    }

    async fn update_external_account_key(
        &self,
        before: &Versioned<ExternalAccountKey>,
        after: &Versioned<ExternalAccountKey>,
    ) -> Result<(), StoreError> {
        let item = Item::of_versioned(key::external_account_key(after.id), after, &self.retention)?;
        self.put(item, Condition::Version(before.version)).await?.accept(after.version)
    }

    async fn create_bound_account_if_absent(
        &self,
        account: &Versioned<Account>,
        before: &Versioned<ExternalAccountKey>,
        after: &Versioned<ExternalAccountKey>,
    ) -> Result<Creation<Versioned<Account>>, StoreError> {
        let bound = Item::of_versioned(key::external_account_key(after.id), after, &self.retention)?;
        let bound = Write::Put(bound, Condition::Version(before.version));
        let writes = [self.account_write(None, account)?, self.new_index_write(account)?, bound];
        self.put_each(self.account_entries(None, account)).await?;
        match self.transact(account.version, writes).await? {
            [Verdict::Held, Verdict::Held, Verdict::Held] => Ok(Creation::Created),
            // The owner of the account's key is checked first: it may be this same write, applied
            // before.
            [_, Verdict::Failed(_), _] => {
                match self.account_by_key(&account.directory, &account.key.thumbprint()).await? {
                    Some(existing) if existing.version == account.version => Ok(Creation::Created),
                    Some(existing) => Ok(Creation::Existing(existing)),
                    // The owner has just replaced the key.
                    None => Err(StoreError::Conflict),
                }
            }
            _ => Err(StoreError::Conflict),
        }
    }

    async fn external_account_secret(&self) -> Result<Option<ExternalAccountSecret>, StoreError> {
        let item = self.get(key::external_account_secret(), Consistency::Strong).await?;
        item.map(|item| item.record()).transpose()
    }

    async fn create_external_account_secret_if_absent(&self, secret: &ExternalAccountSecret) -> Result<(), StoreError> {
        let item = Item::of(key::external_account_secret(), secret, &self.retention)?;
        self.put(item, Condition::Absent).await.map(drop)
    }
}

impl Record for ExternalAccountKey {
    const NAME: &'static str = "external account key";

    fn kept_until(&self, retention: &Retention) -> Option<Timestamp> {
        Some(retention.of_external_account_key(self))
    }
}

impl Record for ExternalAccountSecret {
    const NAME: &'static str = "external account secret";

    fn kept_until(&self, retention: &Retention) -> Option<Timestamp> {
        Some(retention.of_external_account_secret(self))
    }
}
