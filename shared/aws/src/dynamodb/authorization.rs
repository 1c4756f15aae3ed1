//! Authorizations, and the proofs of control that they leave behind.

use std::collections::BTreeMap;

use acme::{AccountId, Authorization, AuthorizationId, Identifier};
use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    DynamoDbStore,
    condition::Condition,
    item::{Item, Record},
    key::{self, Key},
    read::Consistency,
};
use store::{AuthorizationStore, Proof, Retention, StoreError, Versioned};

#[async_trait]
impl AuthorizationStore for DynamoDbStore {
    /// The authorization first, then the proof, which is a pointer to it. A crash between the two
    /// leaves an authorization that the next order for the identifier does not find, which costs
    /// one more validation.
    async fn create_authorization(&self, authorization: &Versioned<Authorization>) -> Result<(), StoreError> {
        let item = self.authorization_item(authorization)?;
        self.put(item, Condition::Absent).await?.accept(authorization.version)?;
        match self.proof_item(authorization)? {
            Some(proof) => self.put(proof, Condition::Always).await.map(drop),
            None => Ok(()),
        }
    }

    async fn authorization(
        &self,
        account: AccountId,
        id: AuthorizationId,
    ) -> Result<Option<Versioned<Authorization>>, StoreError> {
        let item = self.get(key::authorization(account, id), Consistency::Strong).await?;
        item.map(|item| item.versioned()).transpose()
    }

    async fn authorizations(
        &self,
        account: AccountId,
        ids: &[AuthorizationId],
    ) -> Result<Vec<Versioned<Authorization>>, StoreError> {
        let keys: Vec<Key> = ids.iter().map(|id| key::authorization(account, *id)).collect();
        self.in_order(keys).await?.iter().map(Item::versioned).collect()
    }

    async fn update_authorization(
        &self,
        before: &Versioned<Authorization>,
        after: &Versioned<Authorization>,
    ) -> Result<(), StoreError> {
        let item = self.authorization_item(after)?;
        self.put(item, Condition::Version(before.version)).await?.accept(after.version)
    }

    async fn proofs(&self, account: AccountId, names: &[Identifier]) -> Result<Vec<Proof>, StoreError> {
        let keys = names.iter().map(|name| key::proof(account, name)).collect();
        self.in_order(keys).await?.iter().map(Item::record).collect()
    }
}

impl DynamoDbStore {
    pub(super) fn authorization_item(&self, authorization: &Versioned<Authorization>) -> Result<Item, StoreError> {
        let key = key::authorization(authorization.account, authorization.id);
        Item::of_versioned(key, authorization, &self.retention)
    }

    /// The pointer to a new authorization, if it has one.
    pub(super) fn proof_item(&self, new: &Authorization) -> Result<Option<Item>, StoreError> {
        let item = |proof| Item::of(key::proof(new.account, &new.identifier), &proof, &self.retention);
        Proof::of_new(new).map(item).transpose()
    }

    /// The items that exist, in the order of `keys`.
    async fn in_order(&self, keys: Vec<Key>) -> Result<Vec<Item>, StoreError> {
        let found: BTreeMap<Key, Item> = self.get_all(keys.iter().cloned().collect()).await?;
        Ok(keys.iter().filter_map(|key| found.get(key).cloned()).collect())
    }
}

impl Record for Authorization {
    const NAME: &'static str = "authorization";

    fn kept_until(&self, retention: &Retention) -> Option<Timestamp> {
        Some(retention.of_authorization(self))
    }
}

impl Record for Proof {
    const NAME: &'static str = "proof";

    fn kept_until(&self, retention: &Retention) -> Option<Timestamp> {
        Some(retention.of_proof(self))
    }
}
