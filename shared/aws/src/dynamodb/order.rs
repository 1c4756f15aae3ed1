//! Orders, and their entries in the lists of their accounts.

use acme::{AccountId, Authorization, Order, OrderId, OrderState};
use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    DynamoDbStore,
    condition::Condition,
    item::{Item, Record, malformed},
    key,
    read::Consistency,
};
use store::{AuthorizationStore, OrderPage, OrderStore, Retention, StoreError, Versioned};

#[async_trait]
impl OrderStore for DynamoDbStore {
    /// Written in this order: authorizations and the pointers to them, order, list entry. A reader
    /// that finds an order finds
    /// everything that it refers to, and a crash leaves at most an order that was never returned to
    /// a client and that no list contains.
    async fn create_order(
        &self,
        order: &Versioned<Order>,
        new_authorizations: &[Versioned<Authorization>],
    ) -> Result<(), StoreError> {
        match new_authorizations {
            [] => {}
            [one] => self.create_authorization(one).await?,
            // A batch has no conditions, so a retry of an applied write is recognized first.
            several => match self.order(order.account, order.id).await? {
                None => {
                    let mut items = Vec::with_capacity(2 * several.len());
                    for authorization in several {
                        items.push(self.authorization_item(authorization)?);
                        items.extend(self.proof_item(authorization)?);
                    }
                    self.put_all(items).await?;
                }
                Some(stored) if stored.version == order.version => {}
                Some(_) => return Err(StoreError::Conflict),
            },
        }
        self.put_order(None, order).await?;
        self.list_order(order).await
    }

    async fn order(&self, account: AccountId, id: OrderId) -> Result<Option<Versioned<Order>>, StoreError> {
        let item = self.get(key::order(account, id), Consistency::Strong).await?;
        item.map(|item| item.versioned()).transpose()
    }

    async fn update_order(&self, before: &Versioned<Order>, after: &Versioned<Order>) -> Result<(), StoreError> {
        self.put_order(Some(before), after).await?;
        match (&before.state, &after.state) {
            (OrderState::Valid(_), _) => Ok(()),
            // From now on the order is kept as long as its certificate.
            (_, OrderState::Valid(_)) => self.list_order(after).await,
            _ => Ok(()),
        }
    }

    async fn orders(&self, account: AccountId, before: Option<OrderId>, limit: usize) -> Result<OrderPage, StoreError> {
        let listed = self.query_last(key::listed_orders(account, before), limit.saturating_add(1)).await?;
        let more = listed.len() > limit;
        let id = |item: &Item| item.sk()?.parse().ok();
        let orders: Option<Vec<OrderId>> = listed.iter().take(limit).map(id).collect();
        Ok(OrderPage { orders: orders.ok_or_else(|| malformed("place in a list of orders"))?, more })
    }
}

impl DynamoDbStore {
    async fn put_order(&self, before: Option<&Versioned<Order>>, after: &Versioned<Order>) -> Result<(), StoreError> {
        let item = Item::of_versioned(key::order(after.account, after.id), after, &self.retention)?;
        let condition = Condition::still(before.map(|before| before.version));
        self.put(item, condition).await?.accept(after.version)
    }

    /// Writes the list entry of the order with the retention of the order; the expiry of an entry
    /// never gets earlier.
    async fn list_order(&self, order: &Order) -> Result<(), StoreError> {
        let end = self.retention.of_order(order);
        let item = Item::new(key::listed_order(order.account, order.id)).with_expiry(end);
        self.put(item, Condition::NotOutlasting(end)).await.map(|_| ())
    }
}

impl Record for Order {
    const NAME: &'static str = "order";

    fn kept_until(&self, retention: &Retention) -> Option<Timestamp> {
        Some(retention.of_order(self))
    }
}
