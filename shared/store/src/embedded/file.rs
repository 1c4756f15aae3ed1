//! The file: opened for one process, with its layout, and with a mark that reveals a crash.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
};

use redb::{
    Builder, Database, DatabaseError, ReadTransaction, ReadableDatabase, ReadableTable, StorageError, Table,
    TransactionError, WriteTransaction, backends::FileBackend,
};

use super::{
    failure::Failure, key, live_nonces::RedeemedNonce, migration, reserve, schema, schema::LastProcess, table,
};
use crate::OperationId;

/// The open file; empty after it was closed.
pub(super) struct File {
    database: RwLock<Option<Database>>,
    path: PathBuf,
    cache_size: usize,
}

/// What opening found.
pub(super) struct Opened {
    pub(super) file: File,
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
    pub(super) fn open(path: &Path, cache_size: usize) -> Result<Opened, OpenError> {
        let database = database(path, cache_size).map_err(|error| refused(path, error.into()))?;
        let (found, last) = last_process(&database).map_err(|error| refused(path, error))?;
        match found {
            Some(found) if found > schema::MAJOR => return Err(OpenError::Newer { path: path.to_owned(), found }),
            Some(found) if found < schema::MAJOR => return Err(OpenError::Older { path: path.to_owned(), found }),
            // A new file has nothing to migrate.
            None => {}
            Some(_) => migration::make_after(&database, last.minor)
                .map_err(|error| OpenError::Migration { path: path.to_owned(), source: Box::new(error) })?,
        }
        let was_unclean = !last.closed;
        let redeemed = prepare(&database, was_unclean).map_err(|error| refused(path, error))?;
        Ok(Opened {
            file: Self { database: RwLock::new(Some(database)), path: path.to_owned(), cache_size },
            redeemed,
            was_unclean,
        })
    }

    pub(super) fn begin_read(&self) -> Result<ReadTransaction, Failure> {
        self.begin(Database::begin_read)
    }

    /// A transaction whose commit is one flush of the file. Two-phase commit would cost a second
    /// flush. It protects against an attacker who chooses the data, knows the file and decides
    /// which pages reach the disk before a crash, and such an attacker already controls the host.
    pub(super) fn begin_write(&self) -> Result<WriteTransaction, Failure> {
        self.begin(Database::begin_write)
    }

    /// Opens the file again after a failure. A disk that was full for a moment must not stop the CA
    /// for good, and an open database refuses all calls after a failed flush.
    pub(super) fn reopen(&self) -> Result<(), Failure> {
        let mut open = self.database.write().unwrap_or_else(PoisonError::into_inner);
        // Released first, because a file can only be open once.
        drop(open.take());
        *open = Some(database(&self.path, self.cache_size)?);
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

fn database(path: &Path, cache_size: usize) -> Result<Database, DatabaseError> {
    let file = create(path)?;
    Builder::new().set_cache_size(cache_size).create_with_backend(FileBackend::new(file)?)
}

/// Only the owner may read the file, because it contains the nonce secrets.
fn create(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The layout of the file, `None` when it is new, and the mark of its last process.
fn last_process(database: &Database) -> Result<(Option<u32>, LastProcess), redb::Error> {
    let transaction = database.begin_read()?;
    let meta = match transaction.open_table(table::META.definition()) {
        Ok(meta) => meta,
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok((None, LastProcess::of(None))),
        Err(error) => return Err(error.into()),
    };
    let major = meta.get(key::SCHEMA)?.map(|row| String::from_utf8_lossy(row.value()).parse());
    let last = LastProcess::of(meta.get(key::RUNNING)?.as_ref().map(|row| row.value()));
    // Only a newer version could identify its layout by something other than a number.
    Ok((major.map(|major| major.unwrap_or(u32::MAX)), last))
}

/// Creates the tables of a new file, and invalidates the nonces if the last process did not close
/// the file, because their redemptions are lost.
fn prepare(database: &Database, was_unclean: bool) -> Result<Vec<RedeemedNonce>, redb::Error> {
    let transaction = database.begin_write()?;
    for table in table::ALL {
        transaction.open_table(table.definition())?;
    }
    let mut meta = transaction.open_table(table::META.definition())?;
    meta.insert(key::SCHEMA, schema::MAJOR.to_string().as_bytes())?;
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
