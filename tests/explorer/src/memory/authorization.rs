//! Authorizations, and the proofs of control that they leave behind.

use acme::{AccountId, Authorization, AuthorizationId, AuthorizationState, Identifier};
use async_trait::async_trait;
use store::{AuthorizationStore, Proof, StoreError, Versioned};

use super::{Condition, MemoryStore, owned};

#[async_trait]
impl AuthorizationStore for MemoryStore {
    async fn create_authorization(&self, authorization: &Versioned<Authorization>) -> Result<(), StoreError> {
        let key = owned(authorization.account, authorization.id);
        let condition = Condition::NewAuthorizationId;
        self.replace(&mut self.lock().authorizations, key, None, authorization, condition)
    }

    async fn authorization(
        &self,
        account: AccountId,
        id: AuthorizationId,
    ) -> Result<Option<Versioned<Authorization>>, StoreError> {
        Ok(self.lock().authorizations.get(&owned(account, id)).cloned())
    }

    async fn authorizations(
        &self,
        account: AccountId,
        ids: &[AuthorizationId],
    ) -> Result<Vec<Versioned<Authorization>>, StoreError> {
        let tables = self.lock();
        Ok(ids.iter().filter_map(|id| tables.authorizations.get(&owned(account, id))).cloned().collect())
    }

    async fn update_authorization(
        &self,
        before: &Versioned<Authorization>,
        after: &Versioned<Authorization>,
    ) -> Result<(), StoreError> {
        let (mut tables, key) = (self.lock(), owned(after.account, after.id));
        let condition = Condition::AuthorizationVersion;
        self.replace(&mut tables.authorizations, key, Some(before.version), after, condition)?;
        if after.state == AuthorizationState::Valid && before.state != AuthorizationState::Valid {
            let proof =
                Proof { identifier: after.identifier.clone(), authorization: after.id, expires_at: after.expires_at };
            tables.proofs.insert(owned(after.account, &after.identifier), proof);
        }
        Ok(())
    }

    async fn proofs(&self, account: AccountId, names: &[Identifier]) -> Result<Vec<Proof>, StoreError> {
        let tables = self.lock();
        Ok(names.iter().filter_map(|name| tables.proofs.get(&owned(account, name))).cloned().collect())
    }
}
