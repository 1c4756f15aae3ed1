//! The position of the expiry watch.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    DynamoDbStore,
    condition::Condition,
    item::{Item, Record},
    key,
    read::Consistency,
};
use store::{ExpiryWatch, OperationId, Retention, StoreError, Versioned, WatchStore};

#[async_trait]
impl WatchStore for DynamoDbStore {
    async fn expiry_watch(&self) -> Result<Option<Versioned<ExpiryWatch>>, StoreError> {
        let item = self.get(key::expiry_watch(), Consistency::Strong).await?;
        item.map(|item| item.versioned()).transpose()
    }

    async fn put_expiry_watch(
        &self,
        before: Option<OperationId>,
        after: &Versioned<ExpiryWatch>,
    ) -> Result<(), StoreError> {
        let item = Item::of_versioned(key::expiry_watch(), after, &self.retention)?;
        self.put(item, Condition::still(before)).await?.accept(after.version)
    }
}

impl Record for ExpiryWatch {
    const NAME: &'static str = "expiry watch";

    fn kept_until(&self, retention: &Retention) -> Option<Timestamp> {
        Some(retention.of_expiry_watch(self))
    }
}
