//! A conditional write, prepared outside the writer: it is already encoded, and the index rows to
//! remove and to add are known.

use super::{
    batch::{Batch, Condition},
    failure::Failure,
    record::{self, IndexRow, Record},
    table::TableName,
};
use crate::{OperationId, Retention, StoreError, Versioned};

/// One record that replaces an earlier version of itself, or is new.
pub(super) struct Change {
    table: TableName,
    key: String,
    row: Vec<u8>,
    before: Option<OperationId>,
    after: OperationId,
    leaving: Vec<IndexRow>,
    entering: Vec<IndexRow>,
    /// Further records that are put with it.
    beside: Vec<(TableName, String, Vec<u8>)>,
    /// The number of items that are separate records in another engine, but follow from the order
    /// of keys here.
    implied: usize,
}

impl Change {
    /// Replaces the version `before` with `after`; `None` means that the record is new.
    pub(super) fn new<T: Record>(
        key: String,
        before: Option<OperationId>,
        after: &Versioned<T>,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            table: T::TABLE,
            key,
            row: record::encode_versioned(after)?,
            before,
            after: after.version,
            leaving: Vec::new(),
            entering: Vec::new(),
            beside: Vec::new(),
            implied: 0,
        })
    }

    /// The same for a record that has index entries.
    pub(super) fn indexed<T: Record>(
        key: String,
        before: Option<&Versioned<T>>,
        after: &Versioned<T>,
        retention: &Retention,
    ) -> Result<Self, StoreError> {
        let old = before.map(|before| before.index_rows(retention)).unwrap_or_default();
        let new = after.index_rows(retention);
        Ok(Self {
            leaving: old.iter().filter(|mark| !new.contains(mark)).cloned().collect(),
            entering: new.into_iter().filter(|mark| !old.contains(mark)).collect(),
            ..Self::new(key, before.map(|before| before.version), after)?
        })
    }

    /// Adds index rows, whatever was stored before.
    pub(super) fn marked(mut self, marks: Vec<IndexRow>) -> Self {
        self.entering = marks;
        self
    }

    /// Adds a record that is put together with this one.
    pub(super) fn beside<T: Record>(mut self, key: String, record: &T) -> Result<Self, StoreError> {
        self.beside.push((T::TABLE, key, record::encode(record)?));
        Ok(self)
    }

    /// Adds to the number of records put, for items that have no row here.
    pub(super) fn implying(mut self, items: usize) -> Self {
        self.implied = items;
        self
    }

    /// Whether the change may be made.
    pub(super) fn check(&self, batch: &mut Batch<'_>) -> Result<Condition, Failure> {
        batch.check(self.table, &self.key, self.before, self.after)
    }

    /// Applies the change, which must have been checked.
    pub(super) fn put(&self, batch: &mut Batch<'_>) {
        batch.put(self.table, &self.key, &self.row);
        batch.count(self.implied);
        for mark in &self.leaving {
            batch.remove(mark.table, &mark.key);
        }
        for mark in &self.entering {
            batch.set(mark.table, &mark.key, &[]);
        }
        for (table, key, row) in &self.beside {
            batch.put(*table, key, row);
        }
    }
}

/// Applies all of the changes that have not been applied before, or none if one of them meets a
/// conflict.
pub(super) fn apply(batch: &mut Batch<'_>, changes: Vec<Change>) -> Result<(), Failure> {
    let mut open = Vec::with_capacity(changes.len());
    for change in changes {
        if change.check(batch)? == Condition::Holds {
            open.push(change);
        }
    }
    open.iter().for_each(|change| change.put(batch));
    Ok(())
}
