//! Audit records: which operator did what, when, and to which object.

use std::collections::BTreeMap;

use acme::AuditId;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Page, StoreError};

/// Access to the audit records, which are only ever appended and read.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Appends a record. Appending the same record again changes nothing.
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

/// One action of an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditRecord {
    /// The id of the record. It starts with the time, so that ids sort by time.
    pub id: AuditId,
    /// The time of the action.
    pub at: Timestamp,
    /// Who performed the action, as the host identifies callers: the ARN of an IAM principal, or a
    /// user of the machine.
    pub actor: String,
    /// The action, by its name on the command line: `account disable`.
    pub action: String,
    /// The object of the action: an id or a name.
    pub subject: String,
    /// Further facts about the action. They never include a secret.
    pub detail: BTreeMap<String, String>,
}
