//! Counters of limits. The row of a window is deleted one window after its end.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    EmbeddedStore,
    change::Change,
    expiry::{self, Expiring},
    key,
    record::{self, IndexRow, Record},
    table::{self, TableName},
};
use crate::{Counted, LimitStore, LimitWindow, OperationId, Retention, StoreError, Versioned};

#[async_trait]
impl LimitStore for EmbeddedStore {
    async fn count(
        &self,
        window: &LimitWindow,
        amount: u32,
        maximum: u32,
        operation: OperationId,
    ) -> Result<Counted, StoreError> {
        let (window, retention, key) = (window.clone(), self.retention, key::limit(window));
        self.write(move |batch| {
            let row = batch.row(table::LIMIT, &key)?;
            let before = row.map(|row| record::decode_versioned::<Counter>(&row)).transpose()?;
            let used = before.as_ref().map_or(0, |before| before.used);
            if before.as_ref().is_some_and(|before| before.version == operation) {
                return Ok(Counted::Within { used });
            }
            let used = used.saturating_add(amount);
            if used > maximum {
                return Ok(Counted::Over { retry_at: window.ends_at() });
            }
            let after = Versioned::new(Counter { window, used }, operation);
            Change::indexed(key, before.as_ref(), &after, &retention)?.put(batch);
            Ok(Counted::Within { used })
        })
        .await
    }

    async fn take_back(
        &self,
        window: &LimitWindow,
        amount: u32,
        counted: OperationId,
        operation: OperationId,
    ) -> Result<(), StoreError> {
        let (retention, key) = (self.retention, key::limit(window));
        self.write(move |batch| {
            let row = batch.row(table::LIMIT, &key)?;
            let Some(before) = row.map(|row| record::decode_versioned::<Counter>(&row)).transpose()? else {
                return Ok(());
            };
            if before.version != counted {
                return Ok(());
            }
            let used = before.used.saturating_sub(amount);
            let after = Versioned::new(Counter { used, ..before.value.clone() }, operation);
            Change::indexed(key, Some(&before), &after, &retention)?.put(batch);
            Ok(())
        })
        .await
    }

    async fn counted(&self, windows: &[LimitWindow]) -> Result<Vec<u32>, StoreError> {
        self.read(|snapshot| {
            let counter = |window| snapshot.versioned::<Counter>(&key::limit(window));
            windows.iter().map(|window| Ok(counter(window)?.map_or(0, |counter| counter.used))).collect()
        })
    }
}

/// The count in one window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Counter {
    window: LimitWindow,
    used: u32,
}

impl Record for Counter {
    const TABLE: TableName = table::LIMIT;

    fn index_rows(&self, retention: &Retention) -> Vec<IndexRow> {
        vec![expiry::index_row(self, &key::limit(&self.window), retention)]
    }
}

impl Expiring for Counter {
    fn kept_until(&self, retention: &Retention) -> Timestamp {
        retention.of_limit(&self.window)
    }
}
