//! Redeemed nonces, and the secrets with which nonces are generated.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    DynamoDbStore,
    condition::Condition,
    item::{Item, Record},
    key,
    read::Consistency,
};
use store::{NonceSecrets, NonceStore, OperationId, Redemption, Retention, StoreError, Versioned};

#[async_trait]
impl NonceStore for DynamoDbStore {
    /// The item may be deleted once the nonce is too old to be presented; one that is deleted late
    /// changes nothing.
    async fn redeem_nonce(
        &self,
        nonce: &str,
        expires_at: Timestamp,
        operation: OperationId,
    ) -> Result<Redemption, StoreError> {
        let item = Item::new(key::nonce(nonce)).with_version(operation).with_expiry(expires_at);
        match self.put(item, Condition::Absent).await?.accept(operation) {
            Ok(()) => Ok(Redemption::Redeemed),
            Err(StoreError::Conflict) => Ok(Redemption::AlreadyUsed),
            Err(error) => Err(error),
        }
    }

    async fn nonce_secrets(&self) -> Result<Option<Versioned<NonceSecrets>>, StoreError> {
        let item = self.get(key::nonce_secrets(), Consistency::Strong).await?;
        item.map(|item| item.versioned()).transpose()
    }

    async fn update_nonce_secrets(
        &self,
        before: Option<OperationId>,
        after: &Versioned<NonceSecrets>,
    ) -> Result<(), StoreError> {
        let item = Item::of_versioned(key::nonce_secrets(), after, &self.retention)?;
        self.put(item, Condition::still(before)).await?.accept(after.version)
    }
}

impl Record for NonceSecrets {
    const NAME: &'static str = "nonce secrets";

    fn kept_until(&self, retention: &Retention) -> Option<Timestamp> {
        Some(retention.of_nonce_secrets(self))
    }
}
