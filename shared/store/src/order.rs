//! Orders and the list of an account's orders.

use acme::{AccountId, Authorization, Order, OrderId};
use async_trait::async_trait;

use crate::{StoreError, Versioned};

/// The orders.
#[async_trait]
pub trait OrderStore: Send + Sync {
    /// Stores a new order with those of its authorizations that are new. Authorizations come first:
    /// an order that can be read has all of its authorizations; after a crash there may be
    /// authorizations without an order, which expire.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Conflict`] when the id is taken.
    async fn create_order(
        &self,
        order: &Versioned<Order>,
        new_authorizations: &[Versioned<Authorization>],
    ) -> Result<(), StoreError>;

    /// One order of the account.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn order(&self, account: AccountId, id: OrderId) -> Result<Option<Versioned<Order>>, StoreError>;

    /// Puts `after` in the place of `before`.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the order is no longer `before`; [`StoreError::Unavailable`].
    async fn update_order(&self, before: &Versioned<Order>, after: &Versioned<Order>) -> Result<(), StoreError>;

    /// The account's orders, newest first: those older than `before`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn orders(&self, account: AccountId, before: Option<OrderId>, limit: usize) -> Result<OrderPage, StoreError>;
}

/// A page of an account's orders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderPage {
    /// Ids, newest first.
    pub orders: Vec<OrderId>,
    /// Whether older ones follow.
    pub more: bool,
}
