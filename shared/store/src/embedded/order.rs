//! Orders. Their keys sort by creation time, so that the list of an account is a range of keys.

use acme::{AccountId, Authorization, Order, OrderId, OrderState};
use async_trait::async_trait;

use super::{
    EmbeddedStore,
    change::Change,
    expiry, key,
    record::{self, IndexRow, Malformed, Record},
    table::{self, TableName},
};
use crate::{OrderPage, OrderStore, Retention, StoreError, Versioned};

#[async_trait]
impl OrderStore for EmbeddedStore {
    async fn create_order(
        &self,
        order: &Versioned<Order>,
        new_authorizations: &[Versioned<Authorization>],
    ) -> Result<(), StoreError> {
        let mut changes = Vec::with_capacity(new_authorizations.len() + 1);
        for authorization in new_authorizations {
            changes.push(self.new_authorization(authorization)?);
        }
        // The entry in the account's list, which is a record in other engines.
        changes.push(self.order_change(None, order)?.implying(1));
        self.apply(changes).await
    }

    async fn order(&self, account: AccountId, id: OrderId) -> Result<Option<Versioned<Order>>, StoreError> {
        self.read(|snapshot| snapshot.versioned(&key::order(account, id)))
    }

    async fn update_order(&self, before: &Versioned<Order>, after: &Versioned<Order>) -> Result<(), StoreError> {
        let change = self.order_change(Some(before), after)?;
        self.apply(vec![change]).await
    }

    async fn orders(&self, account: AccountId, before: Option<OrderId>, limit: usize) -> Result<OrderPage, StoreError> {
        self.read(|snapshot| {
            let keys = snapshot.last_keys(table::ORDER, key::orders(account, before), limit.saturating_add(1))?;
            let more = keys.len() > limit;
            let ids = keys.iter().take(limit).map(|key| key::order_of(key).map(|(_, order)| order));
            let orders: Vec<OrderId> =
                ids.collect::<Option<_>>().ok_or_else(|| record::corrupt(table::ORDER, Malformed))?;
            snapshot.count_reads(orders.len().max(1));
            Ok(OrderPage { orders, more })
        })
    }
}

impl EmbeddedStore {
    pub(super) fn order_change(
        &self,
        before: Option<&Versioned<Order>>,
        after: &Versioned<Order>,
    ) -> Result<Change, StoreError> {
        Change::indexed(key::order(after.account, after.id), before, after, &self.retention)
    }
}

impl Record for Order {
    const TABLE: TableName = table::ORDER;

    fn index_rows(&self, retention: &Retention) -> Vec<IndexRow> {
        let key = key::order(self.account, self.id);
        let mut marks = vec![expiry::index_row(self, &key, retention)];
        if let OrderState::Processing(_) = self.state {
            marks.push(IndexRow { table: table::ISSUING, key });
        }
        marks
    }
}
