//! Audit records: writing and reading.

use std::{
    collections::BTreeMap,
    fmt::Display,
    sync::{Arc, Mutex, PoisonError},
};

use acme::AuditId;
use jiff::Timestamp;
use store::{AuditRecord, AuditStore, Page};

use crate::{Clock, Failure, random};

/// The audit log. There is one for each process, so that records of the same millisecond keep their
/// order.
pub struct AuditTrail {
    store: Arc<dyn AuditStore>,
    clock: Arc<dyn Clock>,
    /// The id of the last record of this process.
    last: Mutex<Option<AuditId>>,
}

impl AuditTrail {
    /// An audit log in this store, with the times of this clock.
    pub fn new(store: Arc<dyn AuditStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, last: Mutex::default() }
    }

    /// The records that are older than `before`, newest first, at most `limit`.
    ///
    /// # Errors
    /// The store is unavailable, or a record cannot be decoded.
    pub async fn page(&self, before: Option<AuditId>, limit: usize) -> Result<Page<AuditRecord>, Failure> {
        Ok(self.store.audit(before, limit).await?)
    }

    /// Records an action. It is called before the action, so that a crash leaves a record without
    /// an action rather than an action without a record.
    ///
    /// # Errors
    /// The store is unavailable; the action must not be performed then.
    pub async fn record(
        &self,
        actor: &str,
        action: &str,
        subject: impl Display,
        detail: BTreeMap<String, String>,
    ) -> Result<(), Failure> {
        let now = self.clock.now();
        let record = AuditRecord {
            id: self.next_id(now)?,
            at: acme::whole_seconds(now),
            actor: actor.to_owned(),
            action: action.to_owned(),
            subject: subject.to_string(),
            detail,
        };
        tracing::info!(actor, action, subject = record.subject, "an action of an operator is recorded");
        Ok(self.store.append_audit(&record).await?)
    }

    /// The id is after those of all earlier records of this process, so that records of the same
    /// millisecond keep their order.
    fn next_id(&self, now: Timestamp) -> Result<AuditId, Failure> {
        let fresh = AuditId::new(now, random()?);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let id = match *last {
            Some(last) if last >= fresh && last.made_at() == fresh.made_at() => last.following(),
            _ => fresh,
        };
        *last = Some(id);
        Ok(id)
    }
}
