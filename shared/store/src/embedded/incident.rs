//! Incidents.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    EmbeddedStore,
    change::Change,
    expiry::{self, Expiring},
    record::{IndexRow, Record},
    table::{self, TableName},
};
use crate::{Incident, IncidentStore, OperationId, Retention, StoreError, Versioned};

#[async_trait]
impl IncidentStore for EmbeddedStore {
    async fn put_incident(&self, before: Option<OperationId>, after: &Versioned<Incident>) -> Result<(), StoreError> {
        let change = Change::new(after.id.to_string(), before, after)?.marked(after.index_rows(&self.retention));
        self.apply_from_reserve(vec![change]).await
    }

    async fn incidents(&self) -> Result<Vec<Versioned<Incident>>, StoreError> {
        self.read(|snapshot| Ok(snapshot.versioned_page(None, usize::MAX)?.items))
    }
}

impl Record for Incident {
    const TABLE: TableName = table::INCIDENT;

    fn index_rows(&self, retention: &Retention) -> Vec<IndexRow> {
        vec![expiry::index_row(self, &self.id.to_string(), retention)]
    }
}

impl Expiring for Incident {
    fn kept_until(&self, retention: &Retention) -> Timestamp {
        retention.of_incident(self)
    }
}
