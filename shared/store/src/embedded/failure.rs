//! Errors inside the engine, and which of them the caller receives.

use crate::StoreError;

/// Why a read or a write did not succeed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// An error of this request only.
    #[error(transparent)]
    Refused(#[from] StoreError),
    /// The file failed; the whole transaction is aborted.
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

/// The store was already closed.
#[derive(Debug, thiserror::Error)]
#[error("the store is closed")]
pub(super) struct Closed;

/// The transaction of the write was aborted.
#[derive(Debug, thiserror::Error)]
#[error("the write was not committed; see the log of the store")]
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
