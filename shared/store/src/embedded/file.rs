//! The file: opened for one process, with its layout, and with a mark that reveals a crash.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use redb::{
    Builder, Database, DatabaseError, ReadTransaction, ReadableDatabase, ReadableTable, StorageError, Table,
    TransactionError, WriteTransaction,
};

use super::{
    disk::Disk,
    failure::Failure,
    key,
    live_nonces::RedeemedNonce,
    log::{self, Log, Mark},
    migration, record, reserve,
    rows::{Logged, Rows},
    schema,
    schema::LastProcess,
    table::{self, TableName},
};
use crate::OperationId;

/// The open file with the rows that only the log has yet; without a database after it was closed.
pub(super) struct File {
    database: RwLock<Option<Database>>,
    logged: RwLock<Logged>,
    disk: Box<dyn Disk>,
    cache_size: usize,
}

/// What opening found.
pub(super) struct Opened {
    pub(super) file: File,
    /// The log, unless the disk has no room for one.
    pub(super) log: Option<Log>,
    /// The redeemed nonces that were in the file.
    pub(super) redeemed: Vec<RedeemedNonce>,
    /// Whether the previous process did not close the file.
    pub(super) was_unclean: bool,
}

/// Why the file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the file open, or this one has it open twice.
    #[error("{path}: in use by another process")]
    InUse {
        /// The path of the file.
        path: PathBuf,
    },
    /// The file is not a store, or it is damaged.
    #[error("{path}: damaged, or not a store")]
    Corrupt {
        /// The path of the file.
        path: PathBuf,
        /// The error of the database.
        #[source]
        source: Box<redb::Error>,
    },
    /// A newer version of this program wrote it.
    #[error("{path}: written by a newer version (layout {found}; this version knows {})", schema::MAJOR)]
    Newer {
        /// The path of the file.
        path: PathBuf,
        /// The layout number of the file.
        found: u32,
    },
    /// A version wrote the file that is too old for the migrations of this one.
    #[error("{path}: written by an older version (layout {found}; this version knows {})", schema::MAJOR)]
    Older {
        /// The path of the file.
        path: PathBuf,
        /// The layout number of the file.
        found: u32,
    },
    /// The process that had the file open did not close it, and its log is not there.
    #[error(
        "{log}: missing, and without it the last writes of {path} are lost; restore the log from the same copy, or \
         create an empty file of that name if there is none"
    )]
    NoLog {
        /// The path of the file.
        path: PathBuf,
        /// The path of the log.
        log: PathBuf,
    },
    /// The records of an earlier version could not be migrated.
    #[error("{path}: could not be migrated")]
    Migration {
        /// The path of the file.
        path: PathBuf,
        /// The reason. Completed migrations are kept, and the next start continues.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The operating system refused access.
    #[error("{path}: cannot be used")]
    Unusable {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        #[source]
        source: Box<redb::Error>,
    },
}

impl OpenError {
    /// Whether the file system had no room for what opening writes.
    pub(super) fn is_disk_full(&self) -> bool {
        let Self::Unusable { source, .. } = self else { return false };
        matches!(source.as_ref(), redb::Error::Io(error) if reserve::is_full(error))
    }
}

impl File {
    /// Opens the file and marks it as open until [`Writer`](super::writer::Writer) marks it as
    /// closed.
    /// The file gets that many rows of the log in one commit.
    pub(super) fn open(disk: Box<dyn Disk>, path: &Path, cache_size: usize, slice: usize) -> Result<Opened, OpenError> {
        let database = database(&*disk, cache_size).map_err(|error| refused(path, error.into()))?;
        let last = last_process(&database).map_err(|error| refused(path, error))?;
        match last.major {
            Some(found) if found > schema::MAJOR => return Err(OpenError::Newer { path: path.to_owned(), found }),
            Some(found) if found < schema::MAJOR => return Err(OpenError::Older { path: path.to_owned(), found }),
            _ => {}
        }
        let log = open_log(&*disk, path, &database, &last, slice)?;
        // A new file has nothing to migrate.
        if last.major.is_some() {
            migration::make_after(&database, last.minor)
                .map_err(|error| OpenError::Migration { path: path.to_owned(), source: Box::new(error) })?;
        }
        let was_unclean = !last.closed;
        let redeemed = prepare(&database, was_unclean, log.as_ref()).map_err(|error| refused(path, error))?;
        let (database, logged) = (RwLock::new(Some(database)), RwLock::default());
        let file = Self { database, logged, disk, cache_size };
        Ok(Opened { file, log, redeemed, was_unclean })
    }

    /// The rows that only the log has. As long as they are held, the database only gets these.
    pub(super) fn logged(&self) -> RwLockReadGuard<'_, Logged> {
        self.logged.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds rows that the log has now.
    pub(super) fn add_logged(&self, rows: Rows) {
        self.logged_mut().fresh.absorb(rows);
    }

    /// From now on, the latest rows are those that the database is to get. It must have the earlier
    /// ones of these already.
    pub(super) fn turn(&self) {
        let mut logged = self.logged_mut();
        logged.leaving = Arc::new(std::mem::take(&mut logged.fresh));
    }

    /// Puts the rows that are leaving the log into the database, and then the last record that has
    /// any of them, in commits of that many rows. Readers see the rows of the log until the end.
    pub(super) fn put_leaving(&self, last: Mark, slice: usize) -> Result<(), Failure> {
        let leaving = self.logged().leaving.clone();
        put(|| self.begin_write(), &leaving, last, slice)?;
        self.logged_mut().leaving = Arc::default();
        Ok(())
    }

    /// Puts rows into the database in one commit, with the last record of the log that it then has.
    /// The log must have no rows that the database does not have.
    pub(super) fn put(&self, rows: &Rows, last: Option<Mark>) -> Result<(), Failure> {
        let transaction = self.begin_write()?;
        insert(&transaction, rows.iter())?;
        if let Some(last) = last {
            insert_mark(&transaction, last)?;
        }
        Ok(transaction.commit()?)
    }

    fn logged_mut(&self) -> RwLockWriteGuard<'_, Logged> {
        self.logged.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin_read(&self) -> Result<ReadTransaction, Failure> {
        self.begin(Database::begin_read)
    }

    fn begin_write(&self) -> Result<WriteTransaction, Failure> {
        self.begin(begin_write)
    }

    /// Opens the file again after a failure. A disk that was full for a moment must not stop the CA
    /// for good, and an open database refuses all calls after a failed flush.
    pub(super) fn reopen(&self) -> Result<(), Failure> {
        let mut open = self.database.write().unwrap_or_else(PoisonError::into_inner);
        // Released first, because a file can only be open once.
        drop(open.take());
        *open = Some(database(&*self.disk, self.cache_size)?);
        Ok(())
    }

    /// Releases the file.
    pub(super) fn close(&self) -> Result<(), Failure> {
        let database = self.database.write().unwrap_or_else(PoisonError::into_inner).take();
        Ok(database.map_or(Ok(()), Database::close)?)
    }

    fn begin<T>(&self, begin: impl FnOnce(&Database) -> Result<T, TransactionError>) -> Result<T, Failure> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_ref().ok_or(StorageError::DatabaseClosed)?;
        Ok(begin(database)?)
    }
}

/// A transaction after which the file opens at once, whatever stops the process. Without that,
/// opening it after a crash would take longer the more there is in it.
pub(super) fn begin_write(database: &Database) -> Result<WriteTransaction, TransactionError> {
    let mut transaction = database.begin_write()?;
    transaction.set_quick_repair(true);
    Ok(transaction)
}

/// Commits rows, that many at a time, and the mark of the last record that has any of them with the
/// last ones: what was committed is put again if the mark was not.
fn put(
    begin: impl Fn() -> Result<WriteTransaction, Failure>,
    rows: &Rows,
    last: Mark,
    slice: usize,
) -> Result<(), Failure> {
    let mut rows = rows.iter().peekable();
    loop {
        let transaction = begin()?;
        insert(&transaction, rows.by_ref().take(slice))?;
        let is_last = rows.peek().is_none();
        if is_last {
            insert_mark(&transaction, last)?;
        }
        transaction.commit()?;
        if is_last {
            return Ok(());
        }
    }
}

fn insert_mark(transaction: &WriteTransaction, last: Mark) -> Result<(), Failure> {
    transaction.open_table(table::META.definition())?.insert(key::LOG, last.as_bytes())?;
    Ok(())
}

fn insert<'r>(
    transaction: &WriteTransaction,
    rows: impl Iterator<Item = (TableName, &'r str, Option<&'r [u8]>)>,
) -> Result<(), Failure> {
    let mut open: Option<(TableName, Table<'_, &'static str, &'static [u8]>)> = None;
    for (name, key, row) in rows {
        let table = match &mut open {
            Some((opened, table)) if *opened == name => table,
            _ => &mut open.insert((name, transaction.open_table(name.definition())?)).1,
        };
        match row {
            Some(row) => table.insert(key, row)?,
            None => table.remove(key)?,
        };
    }
    Ok(())
}

/// Opens the log of the file, and puts what the file does not have yet into it. There is no log
/// while the disk has no room for one.
fn open_log(
    disk: &dyn Disk,
    path: &Path,
    database: &Database,
    last: &LastProcess,
    slice: usize,
) -> Result<Option<Log>, OpenError> {
    let unusable = |error: io::Error| refused(path, redb::Error::Io(error));
    if last.had_log && !disk.has_log() {
        return Err(OpenError::NoLog { path: path.to_owned(), log: log::beside(path) });
    }
    let medium = match disk.log() {
        Ok(medium) => medium,
        Err(error) if reserve::is_full(&error) && !last.had_log => {
            tracing::warn!("the disk has no room for the log of the store, so that every commit takes longer");
            return Ok(None);
        }
        Err(error) => return Err(unusable(error)),
    };
    let mark = match last.mark {
        Some(mark) => mark,
        None => Mark::random().map_err(unusable)?,
    };
    let (log, missing) = Log::open(medium, mark).map_err(unusable)?;
    replay(database, &missing, log.last(), slice).map_err(|failure| match failure {
        Failure::Engine(error) => refused(path, *error),
        Failure::Refused(error) => OpenError::Migration { path: path.to_owned(), source: Box::new(error) },
    })?;
    Ok(Some(log))
}

/// Puts the rows of the records into the file, with the mark of the last of them.
fn replay(database: &Database, records: &[Vec<u8>], last: Mark, slice: usize) -> Result<(), Failure> {
    let mut rows = Rows::default();
    for record in records {
        rows.absorb(Rows::decoded(record).map_err(|error| record::corrupt(table::META, error))?);
    }
    if rows.is_empty() {
        return Ok(());
    }
    put(|| Ok(begin_write(database)?), &rows, last, slice)?;
    tracing::info!(rows = rows.len(), "the file of the store got what only its log had");
    Ok(())
}

fn database(disk: &dyn Disk, cache_size: usize) -> Result<Database, DatabaseError> {
    disk.database(Builder::new().set_cache_size(cache_size))
}

/// What the last process left, as far as it is stored in the file.
fn last_process(database: &Database) -> Result<LastProcess, redb::Error> {
    let transaction = database.begin_read()?;
    let meta = match transaction.open_table(table::META.definition()) {
        Ok(meta) => meta,
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(LastProcess::none()),
        Err(error) => return Err(error.into()),
    };
    let [schema, running, log] = [key::SCHEMA, key::RUNNING, key::LOG].map(|key| meta.get(key));
    let (schema, running, log) = (schema?, running?, log?);
    let row = |row: &Option<redb::AccessGuard<'_, &'static [u8]>>| row.as_ref().map(|row| row.value().to_vec());
    Ok(LastProcess::of(row(&schema).as_deref(), row(&running).as_deref(), row(&log).as_deref()))
}

/// Creates the tables of a new file, and invalidates the nonces if the last process did not close
/// the file, because their redemptions are lost.
fn prepare(database: &Database, was_unclean: bool, log: Option<&Log>) -> Result<Vec<RedeemedNonce>, redb::Error> {
    let transaction = begin_write(database)?;
    for table in table::ALL {
        transaction.open_table(table.definition())?;
    }
    let mut meta = transaction.open_table(table::META.definition())?;
    meta.insert(key::SCHEMA, schema::number(log.is_some()).as_bytes())?;
    if let Some(log) = log {
        meta.insert(key::LOG, log.last().as_bytes())?;
    }
    meta.insert(key::RUNNING, schema::open_mark().as_bytes())?;
    drop(meta);
    let mut nonces = transaction.open_table(table::NONCE.definition())?;
    let redeemed = if was_unclean {
        transaction.open_table(table::SECRET.definition())?.remove(key::NONCE_SECRETS)?;
        Vec::new()
    } else {
        redeemed(&nonces)?
    };
    // They are in memory alone until the file is closed.
    nonces.retain(|_, _| false)?;
    drop(nonces);
    transaction.commit()?;
    Ok(redeemed)
}

fn redeemed(nonces: &Table<'_, &'static str, &'static [u8]>) -> Result<Vec<RedeemedNonce>, StorageError> {
    let mut redeemed = Vec::new();
    for row in nonces.iter()? {
        let (key, operation) = row?;
        if let Some(operation) = operation.value().first_chunk() {
            let operation = OperationId::from_random(*operation);
            redeemed.push(RedeemedNonce { key: key.value().to_owned(), operation });
        }
    }
    Ok(redeemed)
}

fn refused(path: &Path, error: redb::Error) -> OpenError {
    let path = path.to_owned();
    match error {
        redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => OpenError::InUse { path },
        redb::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
            OpenError::Corrupt { path, source: Box::new(error.into()) }
        }
        error @ (redb::Error::Io(_) | redb::Error::Backend(_) | redb::Error::Unsupported) => {
            OpenError::Unusable { path, source: Box::new(error) }
        }
        error => OpenError::Corrupt { path, source: Box::new(error) },
    }
}

/// The rows of a commit where one of all rows failed. It needs a megabyte at most.
pub(super) const SMALL_SLICE: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::{EmbeddedStore, EngineOptions};

    /// A file with that layout number.
    fn file_of(layout: &str) -> (PathBuf, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.redb");
        drop(EmbeddedStore::open(&path, EngineOptions::default()).unwrap());
        let file = Database::open(&path).unwrap();
        let transaction = file.begin_write().unwrap();
        transaction.open_table(table::META.definition()).unwrap().insert(key::SCHEMA, layout.as_bytes()).unwrap();
        transaction.commit().unwrap();
        (path, folder)
    }

    #[test]
    fn a_file_of_a_newer_layout_is_left_alone_and_so_is_one_of_an_older() {
        let (path, _folder) = file_of("2");
        for _ in 0..2 {
            let refused = EmbeddedStore::open(&path, EngineOptions::default()).unwrap_err();
            assert!(matches!(&refused, OpenError::Newer { found: 2, .. }), "{refused:?}");
            assert!(refused.to_string().ends_with("newer version (layout 2; this version knows 1)"), "{refused}");
        }
        let (path, _folder) = file_of("0");
        let refused = EmbeddedStore::open(&path, EngineOptions::default()).unwrap_err();
        assert!(matches!(&refused, OpenError::Older { found: 0, .. }), "{refused:?}");
        let (path, _folder) = file_of("novel");
        let refused = EmbeddedStore::open(&path, EngineOptions::default()).unwrap_err();
        assert!(matches!(&refused, OpenError::Newer { .. }), "{refused:?}");
    }
}
