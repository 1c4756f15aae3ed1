//! Incidents. They are few and have one partition.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    DynamoDbStore,
    condition::Condition,
    item::{Item, Record},
    key,
    read::Consistency,
};
use store::{Incident, IncidentStore, OperationId, Retention, StoreError, Versioned};

#[async_trait]
impl IncidentStore for DynamoDbStore {
    async fn put_incident(&self, before: Option<OperationId>, after: &Versioned<Incident>) -> Result<(), StoreError> {
        let item = Item::of_versioned(key::incident(after.id), after, &self.retention)?;
        self.put(item, Condition::still(before)).await?.accept(after.version)
    }

    async fn incidents(&self) -> Result<Vec<Versioned<Incident>>, StoreError> {
        let items = self.query(key::incidents(), Consistency::Strong).await?;
        items.iter().map(Item::versioned).collect()
    }
}

impl Record for Incident {
    const NAME: &'static str = "incident";

    fn kept_until(&self, retention: &Retention) -> Option<Timestamp> {
        Some(retention.of_incident(self))
    }
}
