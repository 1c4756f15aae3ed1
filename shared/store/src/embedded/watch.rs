//! The position of the expiry watch.

use async_trait::async_trait;

use super::{
    EmbeddedStore,
    change::Change,
    key,
    record::Record,
    table::{self, TableName},
};
use crate::{ExpiryWatch, OperationId, StoreError, Versioned, WatchStore};

#[async_trait]
impl WatchStore for EmbeddedStore {
    async fn expiry_watch(&self) -> Result<Option<Versioned<ExpiryWatch>>, StoreError> {
        self.read(|snapshot| snapshot.versioned(key::EXPIRY_WATCH))
    }

    async fn put_expiry_watch(
        &self,
        before: Option<OperationId>,
        after: &Versioned<ExpiryWatch>,
    ) -> Result<(), StoreError> {
        let change = Change::new(key::EXPIRY_WATCH.to_owned(), before, after)?;
        self.apply_from_reserve(vec![change]).await
    }
}

impl Record for ExpiryWatch {
    const TABLE: TableName = table::WATCH;
}
