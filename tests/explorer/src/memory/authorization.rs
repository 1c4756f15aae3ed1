//! Authorizations, and the proofs of control that they leave behind.

use acme::{AccountId, Authorization, AuthorizationId, Identifier};
use async_trait::async_trait;
use store::{AuthorizationStore, Proof, StoreError, Versioned};

use super::{Condition, MemoryStore, Tables, owned};

impl Tables {
    /// Points to a new authorization that has to be validated.
    pub(crate) fn point_to(&mut self, new: &Authorization) {
        if let Some(proof) = Proof::of_new(new) {
            self.proofs.insert(owned(new.account, &new.identifier), proof);
        }
    }
}

#[async_trait]
impl AuthorizationStore for MemoryStore {
    async fn create_authorization(&self, authorization: &Versioned<Authorization>) -> Result<(), StoreError> {
        let key = owned(authorization.account, authorization.id);
        let (mut tables, condition) = (self.lock(), Condition::NewAuthorizationId);
        self.replace(&mut tables.authorizations, key, None, authorization, condition)?;
        tables.point_to(authorization);
        Ok(())
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
        self.replace(&mut tables.authorizations, key, Some(before.version), after, condition)
    }

    async fn proofs(&self, account: AccountId, names: &[Identifier]) -> Result<Vec<Proof>, StoreError> {
        let tables = self.lock();
        Ok(names.iter().filter_map(|name| tables.proofs.get(&owned(account, name))).cloned().collect())
    }
}
