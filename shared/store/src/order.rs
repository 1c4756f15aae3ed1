//! Orders and the list of an account's orders.

use acme::{AccountId, Authorization, Order, OrderId};
use async_trait::async_trait;

use crate::{StoreError, Versioned};

/// Access to the orders.
#[async_trait]
pub trait OrderStore: Send + Sync {
    /// Stores a new order and its new authorizations. Authorizations are written first, so that an
    /// order that can be read has all of its authorizations; after a crash there may be
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

    /// Replaces `before` with `after`.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the stored order is not `before`; [`StoreError::Unavailable`].
    async fn update_order(&self, before: &Versioned<Order>, after: &Versioned<Order>) -> Result<(), StoreError>;

    /// The account's orders that are older than `before`, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn orders(&self, account: AccountId, before: Option<OrderId>, limit: usize) -> Result<OrderPage, StoreError>;
}

/// A page of an account's orders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderPage {
    /// The ids of the orders, newest first.
    pub orders: Vec<OrderId>,
    /// Whether the account has older orders.
    pub more: bool,
}
