//! The record of what operators did.

use std::{
    collections::BTreeMap,
    fmt::Display,
    sync::{Arc, Mutex, PoisonError},
};

use acme::AuditId;
use jiff::Timestamp;
use store::{AuditRecord, AuditStore, Page};

use crate::{Clock, Failure, random};

/// The record of what operators did. One for each process, so that the acts of one millisecond keep their order.
pub struct AuditTrail {
    store: Arc<dyn AuditStore>,
    clock: Arc<dyn Clock>,
    /// The record that this process made last.
    last: Mutex<Option<AuditId>>,
}

impl AuditTrail {
    /// The record that this store keeps.
    pub fn new(store: Arc<dyn AuditStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, last: Mutex::default() }
    }

    /// What operators did, newest first: at most `limit` records older than `before`.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn page(&self, before: Option<AuditId>, limit: usize) -> Result<Page<AuditRecord>, Failure> {
        Ok(self.store.audit(before, limit).await?)
    }

    /// Records an act. It is called before the act, so that a crash leaves a record too many rather than an act that is
    /// on no record.
    ///
    /// # Errors
    /// When the store cannot take it; the act must not be done then.
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
        tracing::info!(actor, action, subject = record.subject, "an operator acts");
        Ok(self.store.append_audit(&record).await?)
    }

    /// Behind those of all earlier acts of this process, so that the record keeps the order of acts of one millisecond.
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
