//! Counters of limits.

use async_trait::async_trait;
use store::{Counted, LimitStore, LimitWindow, OperationId, StoreError, Versioned};

use super::{Condition, MemoryStore};

#[async_trait]
impl LimitStore for MemoryStore {
    async fn count(
        &self,
        window: &LimitWindow,
        amount: u32,
        maximum: u32,
        operation: OperationId,
    ) -> Result<Counted, StoreError> {
        let (mut tables, key) = (self.lock(), counter_key(window));
        let before = tables.counters.get(&key);
        let used = before.map_or(0, |before| before.value);
        if before.is_some_and(|before| before.version == operation) {
            return Ok(Counted::Within { used });
        }
        let used = used.saturating_add(amount);
        if self.demands(Condition::CounterMaximum, used <= maximum).is_err() {
            return Ok(Counted::Over { retry_at: window.ends_at() });
        }
        tables.counters.insert(key, Versioned::new(used, operation));
        Ok(Counted::Within { used })
    }

    async fn take_back(
        &self,
        window: &LimitWindow,
        amount: u32,
        counted: OperationId,
        operation: OperationId,
    ) -> Result<(), StoreError> {
        let (mut tables, key) = (self.lock(), counter_key(window));
        if let Some(before) = tables.counters.get(&key)
            && self.demands(Condition::CounterVersion, before.version == counted).is_ok()
        {
            let after = Versioned::new(before.value.saturating_sub(amount), operation);
            tables.counters.insert(key, after);
        }
        Ok(())
    }

    async fn counted(&self, windows: &[LimitWindow]) -> Result<Vec<u32>, StoreError> {
        let tables = self.lock();
        let count = |window| tables.counters.get(&counter_key(window)).map_or(0, |counter| counter.value);
        Ok(windows.iter().map(count).collect())
    }
}

fn counter_key(window: &LimitWindow) -> String {
    format!("{}/{}/{}", window.key, window.starts_at, window.length)
}
