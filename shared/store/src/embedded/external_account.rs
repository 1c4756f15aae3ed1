//! External account keys.

use acme::{Account, ExternalAccountKeyId};
use async_trait::async_trait;

use super::{
    EmbeddedStore,
    account::{existing_account, put_account},
    batch::Condition,
    change::Change,
    expiry::{self, Expiring},
    key,
    record::{self, IndexRow, Record},
    table::{self, TableName},
};
use crate::{
    Creation, ExternalAccountKey, ExternalAccountSecret, ExternalAccountStore, Page, Retention, StoreError, Versioned,
};

#[async_trait]
impl ExternalAccountStore for EmbeddedStore {
    async fn create_external_account_key(&self, key: &Versioned<ExternalAccountKey>) -> Result<(), StoreError> {
        let change = Change::indexed(key.id.to_string(), None, key, &self.retention)?;
        self.apply(vec![change]).await
    }

    async fn external_account_key(
        &self,
        id: ExternalAccountKeyId,
    ) -> Result<Option<Versioned<ExternalAccountKey>>, StoreError> {
        self.read(|snapshot| snapshot.versioned(&id.to_string()))
    }

    async fn external_account_keys(
        &self,
        after: Option<ExternalAccountKeyId>,
        limit: usize,
    ) -> Result<Page<Versioned<ExternalAccountKey>>, StoreError> {
        let after = after.map(|after| after.to_string());
        self.read(|snapshot| snapshot.versioned_page(after.as_deref(), limit))
    }

    async fn update_external_account_key(
        &self,
        before: &Versioned<ExternalAccountKey>,
        after: &Versioned<ExternalAccountKey>,
    ) -> Result<(), StoreError> {
        let change = Change::indexed(after.id.to_string(), Some(before), after, &self.retention)?;
        self.apply_from_reserve(vec![change]).await
    }

    async fn create_bound_account_if_absent(
        &self,
        account: &Versioned<Account>,
        before: &Versioned<ExternalAccountKey>,
        after: &Versioned<ExternalAccountKey>,
    ) -> Result<Creation<Versioned<Account>>, StoreError> {
        let made = self.account_change(None, account)?;
        let bound = Change::indexed(after.id.to_string(), Some(before), after, &self.retention)?;
        let (account, retention) = (account.clone(), self.retention);
        self.write(move |batch| {
            if let Some(existing) = existing_account(batch, &account, &retention)? {
                return Ok(existing);
            }
            let open = [bound.check(batch)?, made.check(batch)?];
            if open == [Condition::Holds; 2] {
                bound.put(batch);
                put_account(batch, &made, &account);
            }
            Ok(Creation::Created)
        })
        .await
    }

    async fn external_account_secret(&self) -> Result<Option<ExternalAccountSecret>, StoreError> {
        self.read(|snapshot| snapshot.record(key::EXTERNAL_ACCOUNT_SECRET))
    }

    async fn create_external_account_secret_if_absent(&self, secret: &ExternalAccountSecret) -> Result<(), StoreError> {
        let row = record::encode(secret)?;
        self.write_from_reserve(move |batch| {
            if batch.row(table::EXTERNAL_ACCOUNT_SECRET, key::EXTERNAL_ACCOUNT_SECRET)?.is_none() {
                batch.put(table::EXTERNAL_ACCOUNT_SECRET, key::EXTERNAL_ACCOUNT_SECRET, &row);
            }
            Ok(())
        })
        .await
    }
}

impl Record for ExternalAccountKey {
    const TABLE: TableName = table::EXTERNAL_ACCOUNT_KEY;

    fn index_rows(&self, retention: &Retention) -> Vec<IndexRow> {
        vec![expiry::index_row(self, &self.id.to_string(), retention)]
    }
}

impl Expiring for ExternalAccountKey {
    fn kept_until(&self, retention: &Retention) -> jiff::Timestamp {
        retention.of_external_account_key(self)
    }
}

impl Record for ExternalAccountSecret {
    const TABLE: TableName = table::EXTERNAL_ACCOUNT_SECRET;
}
