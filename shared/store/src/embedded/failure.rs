//! What can go wrong inside the engine, and what of it the asker is told.

use crate::StoreError;

/// Why a read or a write did not succeed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The answer to this request alone.
    #[error(transparent)]
    Refused(#[from] StoreError),
    /// The file failed; a transaction that met this is given up as a whole.
    #[error(transparent)]
    Engine(Box<redb::Error>),
}

macro_rules! engine {
    ($($error:ty),+) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::Engine(Box::new(error.into()))
            }
        }
    )+};
}

engine!(redb::CommitError, redb::DatabaseError, redb::StorageError, redb::TableError, redb::TransactionError);

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) => error,
            Failure::Engine(error) => Self::Unavailable(error),
        }
    }
}

/// The store was closed before it was asked.
#[derive(Debug, thiserror::Error)]
#[error("the store is closed")]
pub(super) struct Closed;

/// The transaction that a write was part of was given up.
#[derive(Debug, thiserror::Error)]
#[error("the write was not committed; the log of the store tells why")]
pub(super) struct NotCommitted;

impl From<Closed> for StoreError {
    fn from(closed: Closed) -> Self {
        Self::Unavailable(Box::new(closed))
    }
}

impl From<NotCommitted> for StoreError {
    fn from(lost: NotCommitted) -> Self {
        Self::Unavailable(Box::new(lost))
    }
}
