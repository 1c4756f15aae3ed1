//! External account keys.

use acme::{Account, ExternalAccountKeyId};
use async_trait::async_trait;
use store::{Creation, ExternalAccountKey, ExternalAccountSecret, ExternalAccountStore, Page, StoreError, Versioned};

use super::{Condition, MemoryStore, account::key_of};

#[async_trait]
impl ExternalAccountStore for MemoryStore {
    async fn create_external_account_key(&self, key: &Versioned<ExternalAccountKey>) -> Result<(), StoreError> {
        let (mut tables, id) = (self.lock(), key.id.to_string());
        self.replace(&mut tables.external_account_keys, id, None, key, Condition::NewExternalKeyId)
    }

    async fn external_account_key(
        &self,
        id: ExternalAccountKeyId,
    ) -> Result<Option<Versioned<ExternalAccountKey>>, StoreError> {
        Ok(self.lock().external_account_keys.get(&id.to_string()).cloned())
    }

    async fn external_account_keys(
        &self,
        after: Option<ExternalAccountKeyId>,
        limit: usize,
    ) -> Result<Page<Versioned<ExternalAccountKey>>, StoreError> {
        let tables = self.lock();
        let later = tables.external_account_keys.values().filter(|key| after.is_none_or(|after| key.id > after));
        Ok(Page::of(later.cloned().collect(), limit))
    }

    async fn update_external_account_key(
        &self,
        before: &Versioned<ExternalAccountKey>,
        after: &Versioned<ExternalAccountKey>,
    ) -> Result<(), StoreError> {
        let (mut tables, id) = (self.lock(), after.id.to_string());
        let condition = Condition::ExternalKeyVersion;
        self.replace(&mut tables.external_account_keys, id, Some(before.version), after, condition)
    }

    async fn create_bound_account_if_absent(
        &self,
        account: &Versioned<Account>,
        before: &Versioned<ExternalAccountKey>,
        after: &Versioned<ExternalAccountKey>,
    ) -> Result<Creation<Versioned<Account>>, StoreError> {
        let mut tables = self.lock();
        if let Some(existing) = self.existing(&tables, account, Condition::BoundAccountKey) {
            return Ok(existing);
        }
        let (key, id) = (after.id.to_string(), account.id.to_string());
        let (of_key, of_account) = (Condition::BindingKeyVersion, Condition::BoundAccountId);
        let key_is_due = self.is_due(&tables.external_account_keys, &key, Some(before.version), after, of_key)?;
        let account_is_due = self.is_due(&tables.accounts, &id, None, account, of_account)?;
        if key_is_due && account_is_due {
            tables.external_account_keys.insert(key, after.clone());
            tables.accounts.insert(id, account.clone());
            tables.account_of_key.insert(key_of(account), account.id);
        }
        Ok(Creation::Created)
    }

    async fn external_account_secret(&self) -> Result<Option<ExternalAccountSecret>, StoreError> {
        Ok(self.lock().external_account_secret.clone())
    }

    async fn create_external_account_secret_if_absent(&self, secret: &ExternalAccountSecret) -> Result<(), StoreError> {
        let mut tables = self.lock();
        let is_absent = tables.external_account_secret.is_none();
        if self.demands(Condition::ExternalAccountSecret, is_absent).is_ok() {
            tables.external_account_secret = Some(secret.clone());
        }
        Ok(())
    }
}
