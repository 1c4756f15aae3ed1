//! Audit records: a partition for each day, and a list of the days with records.

use acme::AuditId;
use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    DynamoDbStore,
    condition::Condition,
    item::{Item, Record},
    key,
};
use store::{AuditRecord, AuditStore, Page, Retention, StoreError};

#[async_trait]
impl AuditStore for DynamoDbStore {
    /// The day is listed first, so that every record can be found; a listed day without records is
    /// harmless.
    async fn append_audit(&self, record: &AuditRecord) -> Result<(), StoreError> {
        let day = Item::new(key::audit_day(record.id.made_at()));
        self.put(day.with_expiry(self.retention.of_audit(record.id.made_at())), Condition::Always).await?;
        let item = Item::of(key::audit_record(record.id), record, &self.retention)?;
        // The record already exists if an answer was lost.
        self.put(item, Condition::Absent).await.map(drop)
    }

    async fn audit(&self, before: Option<AuditId>, limit: usize) -> Result<Page<AuditRecord>, StoreError> {
        let most = limit.saturating_add(1);
        let mut found = Vec::new();
        let mut days = self.query_last(key::audit_days(before), DAYS).await?;
        while let Some(last) = days.last().and_then(Item::sk).map(str::to_owned) {
            for day in days.iter().filter_map(Item::sk) {
                let items = self.query_last(key::audit_records(day, before), most.saturating_sub(found.len())).await?;
                for item in items {
                    found.push(item.record()?);
                }
                if found.len() >= most {
                    return Ok(Page::of(found, limit));
                }
            }
            days = self.query_last(key::audit_days_before(&last), DAYS).await?;
        }
        Ok(Page::of(found, limit))
    }
}

impl Record for AuditRecord {
    const NAME: &'static str = "audit record";

    fn kept_until(&self, retention: &Retention) -> Option<Timestamp> {
        Some(retention.of_audit(self.id.made_at()))
    }
}

/// The maximum number of days read in one query of the list.
const DAYS: usize = 32;
