//! What a reader sees: the rows of the log over those of the file.

use std::{
    cell::OnceCell,
    cmp::Ordering,
    iter,
    ops::{Bound, Range},
    sync::RwLockReadGuard,
};

use redb::ReadTransaction;

use super::{
    failure::Failure,
    file::File,
    rows::{Logged, Rows},
    table::TableName,
};

/// What is committed, as long as the view is held.
pub(super) struct View<'a> {
    logged: RwLockReadGuard<'a, Logged>,
    file: &'a File,
    /// Begun when the file is first needed. As long as rows of the log are held, the file gets
    /// these and no others.
    transaction: OnceCell<ReadTransaction>,
}

/// A range of keys, and the end at which it begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys<'k> {
    bounds: (Bound<&'k str>, Bound<&'k str>),
    backwards: bool,
}

/// A key with its row.
pub(super) type Row = (String, Vec<u8>);

impl<'k> Keys<'k> {
    pub(super) fn all() -> Self {
        Self { bounds: (Bound::Unbounded, Bound::Unbounded), backwards: false }
    }

    pub(super) fn after(key: Option<&'k str>) -> Self {
        Self { bounds: (key.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded), backwards: false }
    }

    /// Those before a key, the last of them first.
    pub(super) fn before(key: Option<&'k str>) -> Self {
        Self { bounds: (Bound::Unbounded, key.map_or(Bound::Unbounded, Bound::Excluded)), backwards: true }
    }

    /// The range, empty if it ends before it starts.
    pub(super) fn of(keys: &'k Range<String>) -> Self {
        let end = keys.end.as_str().max(&keys.start);
        Self { bounds: (Bound::Included(&keys.start), Bound::Excluded(end)), backwards: false }
    }

    /// The same keys, the last of them first.
    pub(super) fn backwards(self) -> Self {
        Self { backwards: true, ..self }
    }
}

impl<'a> View<'a> {
    pub(super) fn of(file: &'a File) -> Self {
        Self { logged: file.logged(), file, transaction: OnceCell::new() }
    }

    /// Reads a row and converts it.
    pub(super) fn row<T>(
        &self,
        table: TableName,
        key: &str,
        make: impl FnOnce(&[u8]) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        if let Some(row) = self.logged.get(table, key) {
            return row.map(make).transpose();
        }
        self.transaction()?.open_table(table.definition())?.get(key)?.map(|row| make(row.value())).transpose()
    }

    /// The rows of these keys.
    pub(super) fn rows(
        &self,
        table: TableName,
        keys: Keys<'_>,
    ) -> Result<impl Iterator<Item = Result<Row, Failure>>, Failure> {
        let mut stored = self.transaction()?.open_table(table.definition())?.range::<&str>(keys.bounds)?;
        let stored = iter::from_fn(move || if keys.backwards { stored.next_back() } else { stored.next() })
            .map(|row| row.map(|(key, row)| (key.value().to_owned(), row.value().to_vec())).map_err(Failure::from));
        let stored = over(&self.logged.leaving, table, keys, stored);
        Ok(over(&self.logged.fresh, table, keys, stored))
    }

    fn transaction(&self) -> Result<&ReadTransaction, Failure> {
        match self.transaction.get() {
            Some(begun) => Ok(begun),
            None => {
                let begun = self.file.begin_read()?;
                Ok(self.transaction.get_or_init(|| begun))
            }
        }
    }
}

/// Lays changes over the rows of the same keys.
pub(super) fn over<'r>(
    changes: &'r Rows,
    table: TableName,
    keys: Keys<'_>,
    rows: impl Iterator<Item = Result<Row, Failure>>,
) -> impl Iterator<Item = Result<Row, Failure>> {
    let mut changes: Vec<(&'r str, Option<&'r [u8]>)> = changes.range(table, keys.bounds).collect();
    // The next change is at the end.
    if !keys.backwards {
        changes.reverse();
    }
    let mut rows = rows.peekable();
    iter::from_fn(move || {
        loop {
            let order = match (changes.last(), rows.peek()) {
                (None, None) => return None,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) | (_, Some(Err(_))) => Ordering::Greater,
                (Some((changed, _)), Some(Ok((key, _)))) if keys.backwards => key.as_str().cmp(changed),
                (Some((changed, _)), Some(Ok((key, _)))) => (*changed).cmp(key),
            };
            if order == Ordering::Greater {
                return rows.next();
            }
            if order == Ordering::Equal {
                rows.next();
            }
            if let Some((key, Some(row))) = changes.pop() {
                return Some(Ok((key.to_owned(), row.to_vec())));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::{disk::Files, file, table};

    fn merged(changes: &[(&str, Option<&str>)], stored: &[&str], keys: Keys<'_>) -> String {
        let mut rows = Rows::default();
        for (key, row) in changes {
            match row {
                Some(row) => rows.put(table::META, key, row.as_bytes()),
                None => rows.remove(table::META, key),
            }
        }
        let mut stored: Vec<_> = stored.iter().map(|key| Ok((String::from(*key), b"old".to_vec()))).collect();
        if keys.backwards {
            stored.reverse();
        }
        let seen = over(&rows, table::META, keys, stored.into_iter()).map(|row| {
            let (key, row) = row.unwrap();
            format!("{key}={} ", String::from_utf8(row).unwrap())
        });
        seen.collect()
    }

    #[test]
    fn what_changed_replaces_what_is_stored_and_what_was_removed_hides_it() {
        let changes = [("a", Some("new")), ("c", None), ("d", Some("new")), ("e", None), ("f", Some("new"))];
        let stored = ["b", "c", "d", "g"];
        assert_eq!(merged(&changes, &stored, Keys::all()), "a=new b=old d=new f=new g=old ");
        assert_eq!(merged(&changes, &stored, Keys::all().backwards()), "g=old f=new d=new b=old a=new ");
        assert_eq!(merged(&[], &stored, Keys::all()), "b=old c=old d=old g=old ");
        assert_eq!(merged(&changes, &[], Keys::before(Some("d"))), "a=new ");
        assert_eq!(merged(&changes, &[], Keys::after(Some("a"))), "d=new f=new ");
    }

    #[test]
    fn a_range_that_ends_before_it_starts_is_empty() {
        let range = "d".to_owned().."a".to_owned();
        assert_eq!(merged(&[("b", Some("new")), ("d", Some("new"))], &[], Keys::of(&range)), "");
    }

    #[test]
    fn rows_are_seen_once_and_in_their_last_state_wherever_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.redb");
        let file::Opened { file, log, .. } =
            File::open(Box::new(Files::of(&path)), &path, 1 << 20, usize::MAX).unwrap();
        let last = log.unwrap().last();
        let add = |changes: [(&str, Option<&str>); 3]| {
            let mut rows = Rows::default();
            for (key, row) in changes {
                match row {
                    Some(row) => rows.put(table::NAMED, key, row.as_bytes()),
                    None => rows.remove(table::NAMED, key),
                }
            }
            file.add_logged(rows);
        };
        let seen = || {
            let view = View::of(&file);
            let rows = view.rows(table::NAMED, Keys::all()).unwrap().map(|row| {
                let (key, row) = row.unwrap();
                assert_eq!(view.row(table::NAMED, &key, |row| Ok(row.to_vec())).unwrap().as_ref(), Some(&row));
                format!("{key}={} ", String::from_utf8(row).unwrap())
            });
            let rows: String = rows.collect();
            let keys = ["a", "b", "c", "d"];
            let found = keys.iter().filter(|key| view.row(table::NAMED, key, |_| Ok(())).unwrap().is_some());
            assert_eq!(found.count(), rows.matches('=').count(), "{rows}");
            rows
        };
        add([("a", Some("1")), ("b", Some("1")), ("c", Some("1"))]);
        file.turn();
        file.put_leaving(last, 2).unwrap();
        add([("a", Some("2")), ("b", None), ("d", Some("2"))]);
        assert_eq!(seen(), "a=2 c=1 d=2 ");
        file.turn();
        assert_eq!(seen(), "a=2 c=1 d=2 ");
        add([("b", Some("3")), ("c", None), ("d", Some("3"))]);
        assert_eq!(seen(), "a=2 b=3 d=3 ");
        file.put_leaving(last, 1).unwrap();
        assert_eq!(seen(), "a=2 b=3 d=3 ");
        file.turn();
        file.put_leaving(last, usize::MAX).unwrap();
        assert_eq!(seen(), "a=2 b=3 d=3 ");
    }

    #[test]
    fn a_failure_of_the_file_is_passed_on() {
        let mut rows = Rows::default();
        rows.put(table::META, "b", b"new");
        let stored = iter::once(Err(Failure::from(redb::StorageError::DatabaseClosed)));
        assert!(over(&rows, table::META, Keys::all(), stored).any(|row| row.is_err()));
    }
}
