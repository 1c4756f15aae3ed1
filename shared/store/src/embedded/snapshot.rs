//! Reads: a view of the last commit.

use std::ops::Range;

use super::{
    counts::Counters,
    failure::Failure,
    record::{self, Record},
    table::TableName,
    view::{Keys, View},
};
use crate::{Page, StoreError, Versioned};

/// The state of the store after the last commit.
pub(super) struct Snapshot<'a> {
    view: View<'a>,
    counters: &'a Counters,
}

impl<'a> Snapshot<'a> {
    pub(super) fn new(view: View<'a>, counters: &'a Counters) -> Self {
        Self { view, counters }
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
        self.view.row(table, key, make)
    }

    /// The first records of a range of keys, at most `limit`, and the last of their keys if there
    /// may be more.
    pub(super) fn first_records<T: Record>(
        &self,
        keys: &Range<String>,
        limit: usize,
    ) -> Result<(Vec<T>, Option<String>), Failure> {
        let (mut found, mut last) = (Vec::new(), None);
        for row in self.view.rows(T::TABLE, Keys::of(keys))?.take(limit) {
            let (key, row) = row?;
            found.push(record::decode(&row)?);
            last = Some(key);
        }
        self.counters.read(found.len());
        let is_whole = found.len() < limit;
        Ok((found, last.filter(|_| !is_whole)))
    }

    /// All records of a table.
    pub(super) fn all<T: Record>(&self) -> Result<Vec<T>, Failure> {
        let rows = self.view.rows(T::TABLE, Keys::all())?;
        let found: Vec<T> = rows.map(|row| Ok(record::decode(&row?.1)?)).collect::<Result<_, Failure>>()?;
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
        let rows = self.view.rows(T::TABLE, Keys::before(before))?;
        let found: Vec<_> = rows
            .take(limit.saturating_add(1))
            .map(|row| Ok(record::decode_versioned(&row?.1)?))
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
        let rows = self.view.rows(table, Keys::of(&keys).backwards())?;
        rows.take(limit).map(|row| Ok(row?.0)).collect()
    }

    /// The first keys of a range, at most `limit`.
    pub(super) fn first_keys(
        &self,
        table: TableName,
        keys: Range<String>,
        limit: usize,
    ) -> Result<Vec<String>, Failure> {
        let rows = self.view.rows(table, Keys::of(&keys))?;
        rows.take(limit).map(|row| Ok(row?.0)).collect()
    }

    /// The account to which the index of keys refers.
    pub(super) fn account_id(&self, key: &str) -> Result<Option<String>, Failure> {
        let text = |row: &[u8]| Ok(str::from_utf8(row).ok().map(str::to_owned));
        Ok(self.row(super::table::ACCOUNT_BY_KEY, key, text)?.flatten())
    }

    /// All keys of an index.
    pub(super) fn index_rows<T>(&self, table: TableName, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, Failure> {
        let read = |key: &str| read(key).ok_or_else(|| record::corrupt(table, record::Malformed));
        self.view.rows(table, Keys::all())?.map(|row| Ok(read(&row?.0)?)).collect()
    }

    /// Converts the rows of a table whose keys follow `after`, at most `limit`.
    pub(super) fn rows<T>(
        &self,
        table: TableName,
        after: Option<&str>,
        limit: usize,
        make: impl Fn(&str, &[u8]) -> Result<T, StoreError>,
    ) -> Result<Page<T>, Failure> {
        let rows = self.view.rows(table, Keys::after(after))?;
        let made = rows.take(limit.saturating_add(1)).map(|row| {
            let (key, row) = row?;
            Ok(make(&key, &row)?)
        });
        let found: Vec<T> = made.collect::<Result<_, Failure>>()?;
        self.counters.read(found.len().min(limit));
        Ok(Page::of(found, limit))
    }

    pub(super) fn count_reads(&self, records: usize) {
        self.counters.read(records);
    }
}
