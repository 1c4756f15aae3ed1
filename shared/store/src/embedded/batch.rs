//! Writes: the transaction of a group.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    ops::Range,
};

use redb::{ReadableTable, Table, TableError, WriteTransaction};

use super::{failure::Failure, record, table::TableName};
use crate::{OperationId, StoreError};

/// A transaction that several requests share. Each request sees the changes of those before it.
pub(super) struct Batch<'t> {
    transaction: &'t WriteTransaction,
    tables: BTreeMap<TableName, Table<'t, &'static str, &'static [u8]>>,
    puts: usize,
    changed: bool,
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

impl<'t> Batch<'t> {
    pub(super) fn new(transaction: &'t WriteTransaction) -> Self {
        Self { transaction, tables: BTreeMap::new(), puts: 0, changed: false }
    }

    /// The number of records put.
    pub(super) fn puts(&self) -> usize {
        self.puts
    }

    /// Whether there is anything to commit.
    pub(super) fn is_changed(&self) -> bool {
        self.changed
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
        let version = match self.open(table)?.get(key)? {
            Some(row) => Some(record::split(table, row.value())?.0),
            None => None,
        };
        if version == Some(after) {
            return Ok(Condition::AlreadyApplied);
        }
        if version == before { Ok(Condition::Holds) } else { Err(StoreError::Conflict.into()) }
    }

    /// A copy of the row, if there is one.
    pub(super) fn row(&mut self, table: TableName, key: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.open(table)?.get(key)?.map(|row| row.value().to_vec()))
    }

    /// The first keys of a range, at most `limit`.
    pub(super) fn first_keys(
        &mut self,
        table: TableName,
        keys: &Range<String>,
        limit: usize,
    ) -> Result<Vec<String>, Failure> {
        let rows = self.open(table)?;
        let range = rows.range(keys.start.as_str()..keys.end.as_str())?;
        range.take(limit).map(|row| Ok(row?.0.value().to_owned())).collect()
    }

    /// Puts the row of a record and counts it.
    pub(super) fn put(&mut self, table: TableName, key: &str, row: &[u8]) -> Result<(), Failure> {
        self.count(1);
        self.set(table, key, row)
    }

    /// Puts a row that is not counted as a record.
    pub(super) fn set(&mut self, table: TableName, key: &str, row: &[u8]) -> Result<(), Failure> {
        self.changed = true;
        self.open(table)?.insert(key, row)?;
        Ok(())
    }

    /// Removes a row if it is there.
    pub(super) fn remove(&mut self, table: TableName, key: &str) -> Result<(), Failure> {
        self.changed = true;
        self.open(table)?.remove(key)?;
        Ok(())
    }

    /// Adds to the number of records put.
    pub(super) fn count(&mut self, records: usize) {
        self.puts += records;
    }

    fn open(&mut self, table: TableName) -> Result<&mut Table<'t, &'static str, &'static [u8]>, TableError> {
        match self.tables.entry(table) {
            Entry::Occupied(open) => Ok(open.into_mut()),
            Entry::Vacant(place) => Ok(place.insert(self.transaction.open_table(table.definition())?)),
        }
    }
}
