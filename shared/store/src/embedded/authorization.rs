//! Authorizations, and the proofs of control that they leave behind.

use acme::{AccountId, Authorization, AuthorizationId, AuthorizationState, ChallengeState, Identifier};
use async_trait::async_trait;

use super::{
    EmbeddedStore,
    change::Change,
    expiry, key,
    record::{IndexRow, Record},
    table::{self, TableName},
};
use crate::{AuthorizationStore, Proof, Retention, StoreError, Versioned};

#[async_trait]
impl AuthorizationStore for EmbeddedStore {
    async fn create_authorization(&self, authorization: &Versioned<Authorization>) -> Result<(), StoreError> {
        let change = self.new_authorization(authorization)?;
        self.apply(vec![change]).await
    }

    async fn authorization(
        &self,
        account: AccountId,
        id: AuthorizationId,
    ) -> Result<Option<Versioned<Authorization>>, StoreError> {
        self.read(|snapshot| snapshot.versioned(&key::authorization(account, id)))
    }

    async fn authorizations(
        &self,
        account: AccountId,
        ids: &[AuthorizationId],
    ) -> Result<Vec<Versioned<Authorization>>, StoreError> {
        self.read(|snapshot| {
            let found = ids.iter().map(|id| snapshot.versioned(&key::authorization(account, *id)));
            found.filter_map(Result::transpose).collect()
        })
    }

    async fn update_authorization(
        &self,
        before: &Versioned<Authorization>,
        after: &Versioned<Authorization>,
    ) -> Result<(), StoreError> {
        let change = self.authorization_change(Some(before), after)?;
        self.apply(vec![change]).await
    }

    async fn proofs(&self, account: AccountId, names: &[Identifier]) -> Result<Vec<Proof>, StoreError> {
        self.read(|snapshot| {
            let found = names.iter().map(|name| snapshot.record(&key::proof(account, name)));
            found.filter_map(Result::transpose).collect()
        })
    }
}

impl EmbeddedStore {
    /// The new authorization, and the pointer to it.
    pub(super) fn new_authorization(&self, new: &Versioned<Authorization>) -> Result<Change, StoreError> {
        let change = self.authorization_change(None, new)?;
        match Proof::of_new(new) {
            Some(proof) => change.beside(key::proof(new.account, &new.identifier), &proof),
            None => Ok(change),
        }
    }

    pub(super) fn authorization_change(
        &self,
        before: Option<&Versioned<Authorization>>,
        after: &Versioned<Authorization>,
    ) -> Result<Change, StoreError> {
        let key = key::authorization(after.account, after.id);
        Change::indexed(key, before, after, &self.retention)
    }
}

impl Record for Authorization {
    const TABLE: TableName = table::AUTHORIZATION;

    fn index_rows(&self, retention: &Retention) -> Vec<IndexRow> {
        let key = key::authorization(self.account, self.id);
        let mut marks = vec![expiry::index_row(self, &key, retention)];
        // A challenge is no longer processed once another challenge of the authorization has
        // succeeded.
        if self.state == AuthorizationState::Pending {
            marks.extend(self.challenges.iter().filter_map(|challenge| match challenge.state {
                ChallengeState::Processing(_) => {
                    let key = key::validating(self.account, self.id, challenge.r#type);
                    Some(IndexRow { table: table::VALIDATING, key })
                }
                _ => None,
            }));
        }
        marks
    }
}

impl Record for Proof {
    const TABLE: TableName = table::PROOF;
}
