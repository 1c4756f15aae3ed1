//! Audit records, sorted by id and therefore by time.

use acme::AuditId;
use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    EmbeddedStore,
    change::Change,
    expiry::{self, Expiring},
    record::{IndexRow, Record},
    table::{self, TableName},
};
use crate::{AuditRecord, AuditStore, OperationId, Page, Retention, StoreError, Versioned};

#[async_trait]
impl AuditStore for EmbeddedStore {
    async fn append_audit(&self, record: &AuditRecord) -> Result<(), StoreError> {
        // A record never changes, so its version does not matter.
        let record = Versioned::new(record.clone(), OperationId::from_random([0; 16]));
        let change = Change::indexed(record.id.to_string(), None, &record, &self.retention)?;
        self.apply_from_reserve(vec![change]).await
    }

    async fn audit(&self, before: Option<AuditId>, limit: usize) -> Result<Page<AuditRecord>, StoreError> {
        let before = before.map(|before| before.to_string());
        let page: Page<Versioned<AuditRecord>> =
            self.read(|snapshot| snapshot.versioned_page_back(before.as_deref(), limit))?;
        page.try_map(|record| Ok(record.value))
    }
}

impl Record for AuditRecord {
    const TABLE: TableName = table::AUDIT;

    fn index_rows(&self, retention: &Retention) -> Vec<IndexRow> {
        vec![expiry::index_row(self, &self.id.to_string(), retention)]
    }
}

impl Expiring for AuditRecord {
    fn kept_until(&self, retention: &Retention) -> Timestamp {
        retention.of_audit(self.id.made_at())
    }
}
