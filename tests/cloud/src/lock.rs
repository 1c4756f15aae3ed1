//! Locks that a panic does not close: a test that fails has reported its failure already.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A test that panicked in one task can still read the record in another.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
