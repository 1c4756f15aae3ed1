//! Redeemed nonces, and the secrets with which nonces are generated.

use async_trait::async_trait;
use jiff::Timestamp;
use store::{NonceSecrets, NonceStore, OperationId, Redemption, StoreError, Versioned};

use super::{Condition, MemoryStore, ONLY};

#[async_trait]
impl NonceStore for MemoryStore {
    async fn redeem_nonce(
        &self,
        nonce: &str,
        _expires_at: Timestamp,
        operation: OperationId,
    ) -> Result<Redemption, StoreError> {
        let mut tables = self.lock();
        let redeemer = *tables.nonces.entry(nonce.to_owned()).or_insert(operation);
        let unused = self.demands(Condition::UnusedNonce, redeemer == operation).is_ok();
        Ok(if unused { Redemption::Redeemed } else { Redemption::AlreadyUsed })
    }

    async fn nonce_secrets(&self) -> Result<Option<Versioned<NonceSecrets>>, StoreError> {
        Ok(self.lock().nonce_secrets.get(ONLY).cloned())
    }

    async fn update_nonce_secrets(
        &self,
        before: Option<OperationId>,
        after: &Versioned<NonceSecrets>,
    ) -> Result<(), StoreError> {
        let condition = Condition::NonceSecretsVersion;
        self.replace(&mut self.lock().nonce_secrets, ONLY.to_owned(), before, after, condition)
    }
}
