//! The expiry watch: how far certificates that expire soon have been examined.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CertificateEntry, OperationId, StoreError, Versioned};

/// Access to the position of the expiry watch.
#[async_trait]
pub trait WatchStore: Send + Sync {
    /// The position; `None` before the first run.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn expiry_watch(&self) -> Result<Option<Versioned<ExpiryWatch>>, StoreError>;

    /// Replaces the version `before` with `after`; `None` means that nothing is stored yet.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the stored position is not `before`;
    /// [`StoreError::Unavailable`].
    async fn put_expiry_watch(
        &self,
        before: Option<OperationId>,
        after: &Versioned<ExpiryWatch>,
    ) -> Result<(), StoreError>;
}

/// How far certificates have been examined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpiryWatch {
    /// All certificates whose validity ends before this time have been examined.
    pub until: Timestamp,
    /// Of the certificates that end at that time or later, those up to this one have been examined.
    pub after: Option<CertificateEntry>,
}
