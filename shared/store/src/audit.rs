//! What operators did: who, when, what, to what.

use std::collections::BTreeMap;

use acme::AuditId;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Page, StoreError};

/// The audit records. They are added and read, never changed.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Adds a record. The same record again changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn append_audit(&self, record: &AuditRecord) -> Result<(), StoreError>;

    /// The records, newest first: those older than `before`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn audit(&self, before: Option<AuditId>, limit: usize) -> Result<Page<AuditRecord>, StoreError>;
}

/// An act of an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditRecord {
    /// Its id, which begins with its time.
    pub id: AuditId,
    /// When it was done.
    pub at: Timestamp,
    /// Who did it, as the host knows them: a principal's ARN, a user of the machine.
    pub actor: String,
    /// What was done, as the command line calls it: `account disable`.
    pub action: String,
    /// To what: an id or a name.
    pub subject: String,
    /// What else is to be known. Never a secret.
    pub detail: BTreeMap<String, String>,
}
