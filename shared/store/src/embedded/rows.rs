//! Rows that are not in the file yet: what a group changes, and what the log has beyond the file.

use std::{
    collections::{BTreeMap, btree_map},
    ops::Bound,
    sync::Arc,
};

use super::table::{self, TableName};

/// Rows that were put, and keys whose rows were removed, by table.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rows {
    tables: BTreeMap<TableName, Table>,
    len: usize,
}

/// Those of one table; `None` stands for a row that was removed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Table(BTreeMap<Box<str>, Option<Box<[u8]>>>);

/// What the log has beyond the file.
#[derive(Debug, Default)]
pub(super) struct Logged {
    /// The latest changes.
    pub(super) fresh: Rows,
    /// Earlier ones, which the file is getting.
    pub(super) leaving: Arc<Rows>,
}

impl Logged {
    /// What is known of a key: `Some(None)` means that its row was removed.
    pub(super) fn get(&self, table: TableName, key: &str) -> Option<Option<&[u8]>> {
        self.fresh.get(table, key).or_else(|| self.leaving.get(table, key))
    }
}

/// Octets that are no rows.
#[derive(Debug, thiserror::Error)]
#[error("a record of the log has no rows")]
pub(super) struct NoRows;

impl Rows {
    /// The number of rows put and removed.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What is known of a key: `Some(None)` means that its row was removed.
    pub(super) fn get(&self, table: TableName, key: &str) -> Option<Option<&[u8]>> {
        Some(self.tables.get(&table)?.0.get(key)?.as_deref())
    }

    pub(super) fn put(&mut self, table: TableName, key: &str, row: &[u8]) {
        self.set(table, key.into(), Some(row.into()));
    }

    pub(super) fn remove(&mut self, table: TableName, key: &str) {
        self.set(table, key.into(), None);
    }

    /// Takes over later changes.
    pub(super) fn absorb(&mut self, later: Self) {
        for (table, Table(rows)) in later.tables {
            for (key, row) in rows {
                self.set(table, key, row);
            }
        }
    }

    /// All changes, by table and in the order of their keys.
    pub(super) fn iter(&self) -> impl Iterator<Item = (TableName, &str, Option<&[u8]>)> {
        self.tables
            .iter()
            .flat_map(|(&table, rows)| rows.0.iter().map(move |(key, row)| (table, &**key, row.as_deref())))
    }

    /// The changes in a range of keys, whose start must not be behind its end.
    pub(super) fn range(
        &self,
        table: TableName,
        keys: (Bound<&str>, Bound<&str>),
    ) -> impl DoubleEndedIterator<Item = (&str, Option<&[u8]>)> {
        let rows = self.tables.get(&table).map(|rows| rows.0.range::<str, _>(keys));
        rows.into_iter().flatten().map(|(key, row)| (&**key, row.as_deref()))
    }

    /// The changes as octets: for each the name of the table, the key, and the row, each behind its
    /// length. The length of a row is one more than that, and zero for a removal.
    pub(super) fn encoded(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        for (table, key, row) in self.iter() {
            write(&mut octets, table.as_str().as_bytes(), 0);
            write(&mut octets, key.as_bytes(), 0);
            match row {
                Some(row) => write(&mut octets, row, 1),
                None => octets.extend(0_u32.to_le_bytes()),
            }
        }
        octets
    }

    /// The inverse of [`encoded`](Self::encoded).
    pub(super) fn decoded(mut octets: &[u8]) -> Result<Self, NoRows> {
        let mut rows = Self::default();
        while !octets.is_empty() {
            let (table, key) = (text(&mut octets)?, text(&mut octets)?);
            let table = table::named(table).ok_or(NoRows)?;
            match length(&mut octets)?.checked_sub(1) {
                Some(length) => rows.put(table, key, part(&mut octets, length)?),
                None => rows.remove(table, key),
            }
        }
        Ok(rows)
    }

    fn set(&mut self, table: TableName, key: Box<str>, row: Option<Box<[u8]>>) {
        match self.tables.entry(table).or_default().0.entry(key) {
            btree_map::Entry::Occupied(mut place) => drop(place.insert(row)),
            btree_map::Entry::Vacant(place) => {
                place.insert(row);
                self.len += 1;
            }
        }
    }
}

/// Keys and rows have fewer octets than four gigabytes: requests are limited to kilobytes.
#[expect(clippy::cast_possible_truncation, reason = "see above")]
fn write(octets: &mut Vec<u8>, part: &[u8], more: u32) {
    octets.extend((part.len() as u32 + more).to_le_bytes());
    octets.extend(part);
}

fn length(octets: &mut &[u8]) -> Result<usize, NoRows> {
    let (length, rest) = octets.split_first_chunk().ok_or(NoRows)?;
    *octets = rest;
    usize::try_from(u32::from_le_bytes(*length)).map_err(|_| NoRows)
}

fn part<'o>(octets: &mut &'o [u8], length: usize) -> Result<&'o [u8], NoRows> {
    let (part, rest) = octets.split_at_checked(length).ok_or(NoRows)?;
    *octets = rest;
    Ok(part)
}

fn text<'o>(octets: &mut &'o [u8]) -> Result<&'o str, NoRows> {
    let length = length(octets)?;
    str::from_utf8(part(octets, length)?).map_err(|_| NoRows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_change_of_a_key_counts() {
        let mut rows = Rows::default();
        rows.put(table::META, "a", b"1");
        rows.put(table::META, "b", b"1");
        let mut later = Rows::default();
        later.remove(table::META, "a");
        later.put(table::META, "c", b"");
        rows.absorb(later);
        assert_eq!(rows.get(table::META, "a"), Some(None));
        assert_eq!(rows.get(table::META, "b"), Some(Some(b"1".as_slice())));
        assert_eq!((rows.get(table::META, "d"), rows.get(table::ORDER, "b")), (None, None));
        assert_eq!(rows.len(), 3);
        let keys: Vec<_> = rows.range(table::META, (Bound::Excluded("a"), Bound::Unbounded)).rev().collect();
        assert_eq!(keys, [("c", Some(b"".as_slice())), ("b", Some(b"1"))]);
    }

    #[test]
    fn what_was_encoded_is_decoded_and_what_was_cut_is_refused() {
        let mut rows = Rows::default();
        rows.put(table::META, "a", b"1");
        rows.put(table::ORDER, "b", b"");
        rows.remove(table::ORDER, "c");
        let octets = rows.encoded();
        assert_eq!(Rows::decoded(&octets).unwrap(), rows);
        let whole = (0..octets.len()).filter(|&end| Rows::decoded(&octets[..end]).is_ok());
        assert_eq!(whole.count(), 3, "nothing, one row, two rows");
        assert!(Rows::decoded(b"\x01\0\0\0?\x01\0\0\0k\0\0\0\0").is_err(), "a table that does not exist");
    }
}
