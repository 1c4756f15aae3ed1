//! Writes: what the requests of a group change.

use std::ops::Range;

use super::{
    failure::Failure,
    record,
    rows::Rows,
    table::TableName,
    view::{Keys, View, over},
};
use crate::{OperationId, StoreError};

/// The changes of several requests. Each request sees the changes of those before it.
pub(super) struct Batch<'v> {
    view: View<'v>,
    changes: Rows,
    puts: usize,
}

/// Whether a conditional write is still to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// The record is as the write expects it.
    Holds,
    /// The record already has the version of the write: the write was applied and its answer was
    /// lost.
    AlreadyApplied,
}

impl<'v> Batch<'v> {
    pub(super) fn new(view: View<'v>) -> Self {
        Self { view, changes: Rows::default(), puts: 0 }
    }

    /// The number of records put.
    pub(super) fn puts(&self) -> usize {
        self.puts
    }

    /// What there is to commit.
    pub(super) fn into_changes(self) -> Rows {
        self.changes
    }

    /// Compares the version of a row with the version that a write expects; `None` stands for no
    /// row.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the row has another version.
    pub(super) fn check(
        &mut self,
        table: TableName,
        key: &str,
        before: Option<OperationId>,
        after: OperationId,
    ) -> Result<Condition, Failure> {
        let version = self.look(table, key, |row| Ok(record::split(table, row)?.0))?;
        if version == Some(after) {
            return Ok(Condition::AlreadyApplied);
        }
        if version == before { Ok(Condition::Holds) } else { Err(StoreError::Conflict.into()) }
    }

    /// A copy of the row, if there is one.
    pub(super) fn row(&mut self, table: TableName, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        self.look(table, key, |row| Ok(row.to_vec()))
    }

    /// The first keys of a range, at most `limit`.
    pub(super) fn first_keys(
        &mut self,
        table: TableName,
        keys: &Range<String>,
        limit: usize,
    ) -> Result<Vec<String>, Failure> {
        let keys = Keys::of(keys);
        let rows = over(&self.changes, table, keys, self.view.rows(table, keys)?);
        rows.take(limit).map(|row| Ok(row?.0)).collect()
    }

    /// Puts the row of a record and counts it.
    pub(super) fn put(&mut self, table: TableName, key: &str, row: &[u8]) {
        self.count(1);
        self.set(table, key, row);
    }

    /// Puts a row that is not counted as a record.
    pub(super) fn set(&mut self, table: TableName, key: &str, row: &[u8]) {
        self.changes.put(table, key, row);
    }

    /// Removes a row if it is there.
    pub(super) fn remove(&mut self, table: TableName, key: &str) {
        self.changes.remove(table, key);
    }

    /// Adds to the number of records put.
    pub(super) fn count(&mut self, records: usize) {
        self.puts += records;
    }

    fn look<T>(
        &self,
        table: TableName,
        key: &str,
        make: impl FnOnce(&[u8]) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        match self.changes.get(table, key) {
            Some(row) => row.map(make).transpose(),
            None => self.view.row(table, key, make),
        }
    }
}
