//! The record of what operators did.

use std::{collections::BTreeMap, fmt::Display};

use acme::AuditId;
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
            id: AuditId::new(now, random()?),
            at: acme::whole_seconds(now),
            actor: actor.to_owned(),
            action: action.to_owned(),
            subject: subject.to_string(),
            detail,
        };
        tracing::info!(actor, action, subject = record.subject, "an operator acts");
        Ok(self.store.append_audit(&record).await?)
    }
}
