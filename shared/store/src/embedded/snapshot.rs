//! Reads: a view of the last commit.

use std::ops::{Bound, Range};

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, TableError};

use super::{
    counts::Counters,
    failure::Failure,
    record::{self, Record},
    table::TableName,
};
use crate::{Page, StoreError, Versioned};

/// The state of the store after the last commit.
pub(super) struct Snapshot<'a> {
    transaction: ReadTransaction,
    counters: &'a Counters,
}

impl<'a> Snapshot<'a> {
    pub(super) fn new(transaction: ReadTransaction, counters: &'a Counters) -> Self {
        Self { transaction, counters }
    }

    /// A record with a version.
    pub(super) fn versioned<T: Record>(&self, key: &str) -> Result<Option<Versioned<T>>, Failure> {
        self.row(T::TABLE, key, |row| Ok(record::decode_versioned(row)?))
    }

    /// A record without a version.
    pub(super) fn record<T: Record>(&self, key: &str) -> Result<Option<T>, Failure> {
        self.row(T::TABLE, key, |row| Ok(record::decode(row)?))
    }

    /// Reads a row and converts it. It counts as a read whether or not the row exists.
    pub(super) fn row<T>(
        &self,
        table: TableName,
        key: &str,
        make: impl FnOnce(&[u8]) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        self.counters.read(1);
        self.open(table)?.get(key)?.map(|row| make(row.value())).transpose()
    }

    /// All records of a range of keys.
    pub(super) fn records<T: Record>(&self, keys: Range<String>) -> Result<Vec<T>, Failure> {
        let rows = self.open(T::TABLE)?;
        let found: Vec<T> = rows
            .range(keys.start.as_str()..keys.end.as_str())?
            .map(|row| Ok(record::decode(row?.1.value())?))
            .collect::<Result<_, Failure>>()?;
        self.counters.read(found.len());
        Ok(found)
    }

    /// All records of a table.
    pub(super) fn all<T: Record>(&self) -> Result<Vec<T>, Failure> {
        let rows = self.open(T::TABLE)?;
        let found: Vec<T> =
            rows.iter()?.map(|row| Ok(record::decode(row?.1.value())?)).collect::<Result<_, Failure>>()?;
        self.counters.read(found.len());
        Ok(found)
    }

    /// The records of a table without versions whose keys follow `after`, at most `limit`.
    pub(super) fn page<T: Record>(&self, after: Option<&str>, limit: usize) -> Result<Page<T>, Failure> {
        self.rows(T::TABLE, after, limit, |_, row| record::decode(row))
    }

    /// The records of a table with versions whose keys follow `after`, at most `limit`.
    pub(super) fn versioned_page<T: Record>(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Versioned<T>>, Failure> {
        self.rows(T::TABLE, after, limit, |_, row| record::decode_versioned(row))
    }

    /// The same in reverse: the records whose keys are before `before`, last first.
    pub(super) fn versioned_page_back<T: Record>(
        &self,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Page<Versioned<T>>, Failure> {
        let rows = self.open(T::TABLE)?;
        let before = before.map_or(Bound::Unbounded, Bound::Excluded);
        let range = rows.range::<&str>((Bound::Unbounded, before))?.rev();
        let found: Vec<_> = range
            .take(limit.saturating_add(1))
            .map(|row| Ok(record::decode_versioned(row?.1.value())?))
            .collect::<Result<_, Failure>>()?;
        self.counters.read(found.len().min(limit));
        Ok(Page::of(found, limit))
    }

    /// The last keys of a range, last first, at most `limit`.
    pub(super) fn last_keys(
        &self,
        table: TableName,
        keys: Range<String>,
        limit: usize,
    ) -> Result<Vec<String>, Failure> {
        let rows = self.open(table)?;
        let range = rows.range(keys.start.as_str()..keys.end.as_str())?;
        range.rev().take(limit).map(|row| Ok(row?.0.value().to_owned())).collect()
    }

    /// The first keys of a range, at most `limit`.
    pub(super) fn first_keys(
        &self,
        table: TableName,
        keys: Range<String>,
        limit: usize,
    ) -> Result<Vec<String>, Failure> {
        let rows = self.open(table)?;
        let range = rows.range(keys.start.as_str()..keys.end.as_str())?;
        range.take(limit).map(|row| Ok(row?.0.value().to_owned())).collect()
    }

    /// The account to which the index of keys refers.
    pub(super) fn account_id(&self, key: &str) -> Result<Option<String>, Failure> {
        let text = |row: &[u8]| Ok(str::from_utf8(row).ok().map(str::to_owned));
        Ok(self.row(super::table::ACCOUNT_BY_KEY, key, text)?.flatten())
    }

    /// All keys of an index.
    pub(super) fn index_rows<T>(&self, table: TableName, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, Failure> {
        let rows = self.open(table)?;
        let read = |key: &str| read(key).ok_or_else(|| record::corrupt(table, record::Malformed));
        rows.iter()?.map(|row| Ok(read(row?.0.value())?)).collect()
    }

    /// Converts the rows of a table whose keys follow `after`, at most `limit`.
    pub(super) fn rows<T>(
        &self,
        table: TableName,
        after: Option<&str>,
        limit: usize,
        make: impl Fn(&str, &[u8]) -> Result<T, StoreError>,
    ) -> Result<Page<T>, Failure> {
        let rows = self.open(table)?;
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        let range = rows.range::<&str>((after, Bound::Unbounded))?;
        let made = range.take(limit.saturating_add(1)).map(|row| {
            let (key, row) = row?;
            Ok(make(key.value(), row.value())?)
        });
        let found: Vec<T> = made.collect::<Result<_, Failure>>()?;
        self.counters.read(found.len().min(limit));
        Ok(Page::of(found, limit))
    }

    pub(super) fn count_reads(&self, records: usize) {
        self.counters.read(records);
    }

    fn open(&self, table: TableName) -> Result<ReadOnlyTable<&'static str, &'static [u8]>, TableError> {
        self.transaction.open_table(table.definition())
    }
}
