//! The record of what operators did.

use std::{collections::BTreeMap, fmt::Display, sync::PoisonError};

use acme::AuditId;
use jiff::Timestamp;
use store::{AuditRecord, Page};

use crate::{Authority, Error, random};

impl Authority {
    /// What operators did, newest first: at most `limit` records older than `before`.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn audit(&self, before: Option<AuditId>, limit: usize) -> Result<Page<AuditRecord>, Error> {
        Ok(self.store.audit(before, limit).await?)
    }

    /// Records an act. It is called before the act, so that a crash leaves a record too many rather than
    /// an act that nobody can account for.
    pub(crate) async fn record_act(
        &self,
        actor: &str,
        action: &str,
        subject: impl Display,
        detail: BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let now = self.now();
        let record = AuditRecord {
            id: self.id_of_act(now)?,
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
    fn id_of_act(&self, now: Timestamp) -> Result<AuditId, Error> {
        let fresh = AuditId::new(now, random()?);
        let mut last = self.last_act.lock().unwrap_or_else(PoisonError::into_inner);
        let id = match *last {
            Some(last) if last >= fresh && last.made_at() == fresh.made_at() => last.following(),
            _ => fresh,
        };
        *last = Some(id);
        Ok(id)
    }
}
