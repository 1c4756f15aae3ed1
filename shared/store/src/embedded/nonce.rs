//! Redeemed nonces, and the secrets with which nonces are generated.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    EmbeddedStore,
    change::Change,
    key,
    record::Record,
    table::{self, TableName},
};
use crate::{NonceSecrets, NonceStore, OperationId, Redemption, StoreError, Versioned};

#[async_trait]
impl NonceStore for EmbeddedStore {
    async fn redeem_nonce(
        &self,
        nonce: &str,
        expires_at: Timestamp,
        operation: OperationId,
    ) -> Result<Redemption, StoreError> {
        let redemption = self.nonces.redeem(nonce, expires_at, operation)?;
        if redemption == Redemption::Redeemed {
            self.counters.wrote(1);
        }
        Ok(redemption)
    }

    async fn nonce_secrets(&self) -> Result<Option<Versioned<NonceSecrets>>, StoreError> {
        self.read(|snapshot| snapshot.versioned(key::NONCE_SECRETS))
    }

    async fn update_nonce_secrets(
        &self,
        before: Option<OperationId>,
        after: &Versioned<NonceSecrets>,
    ) -> Result<(), StoreError> {
        let change = Change::new(key::NONCE_SECRETS.to_owned(), before, after)?;
        self.apply_from_reserve(vec![change]).await
    }
}

impl Record for NonceSecrets {
    const TABLE: TableName = table::SECRET;
}
