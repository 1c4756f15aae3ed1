//! The watch over ends: how far certificates were looked at that end soon.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CertificateEntry, OperationId, StoreError, Versioned};

/// The watch.
#[async_trait]
pub trait WatchStore: Send + Sync {
    /// The watch; `None` before the first look.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn expiry_watch(&self) -> Result<Option<Versioned<ExpiryWatch>>, StoreError>;

    /// Puts `after` in the place of the version `before`, where `None` is nothing there.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the watch is no longer `before`; [`StoreError::Unavailable`].
    async fn put_expiry_watch(
        &self,
        before: Option<OperationId>,
        after: &Versioned<ExpiryWatch>,
    ) -> Result<(), StoreError>;
}

/// How far certificates were looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpiryWatch {
    /// All that end before this were.
    pub until: Timestamp,
    /// Of those that end then or later, those up to this one were.
    pub after: Option<CertificateEntry>,
}
