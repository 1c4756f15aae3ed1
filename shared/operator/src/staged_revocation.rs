//! The staged revocation of an incident: it continues by itself, slice by slice, from its start to
//! its last certificate.
//!
//! A slice is revoked first; then one conditional write updates the incident. After a crash in
//! between, the slice is repeated, and of two processes that did the same slice only the first
//! updates the incident. So the count is always right: it is the number of revoked certificates,
//! not of acts.

use std::sync::Arc;

use authority::{AuditTrail, Clock, applied, versioned};
use store::{Incident, IncidentStore, Position, Revocation, StagedRevocation, Versioned};

use crate::{Error, Revocations, Selections, Slice};

/// Revokes what incidents are about.
pub struct StagedRevocations {
    incidents: Arc<dyn IncidentStore>,
    selections: Arc<Selections>,
    revocations: Arc<Revocations>,
    audit: Arc<AuditTrail>,
    clock: Arc<dyn Clock>,
}

impl StagedRevocations {
    /// For incidents of this store, by these revocations.
    pub fn new(
        incidents: Arc<dyn IncidentStore>,
        selections: Arc<Selections>,
        revocations: Arc<Revocations>,
        audit: Arc<AuditTrail>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { incidents, selections, revocations, audit, clock }
    }

    /// Revokes one slice for each incident whose revocation has started. Returns whether there is
    /// more to do.
    ///
    /// # Errors
    /// When a slice could not be completed; the next call repeats it.
    pub async fn proceed(&self) -> Result<bool, Error> {
        let mut is_more = false;
        let now = self.clock.now();
        for incident in self.incidents.incidents().await?.into_iter().filter(|incident| incident.is_revoking(now)) {
            is_more |= self.revoke_piece(&incident).await?;
        }
        Ok(is_more)
    }

    async fn revoke_piece(&self, before: &Versioned<Incident>) -> Result<bool, Error> {
        let Some(revocation) = &before.revocation else { return Ok(false) };
        let slice = self.select_affected(before, revocation.position.as_ref()).await?;
        let good = slice.certificates.iter().filter(|certificate| certificate.revocation.is_none()).count();
        if good > 0 {
            let detail = [("reason", format!("{:?}", revocation.reason)), ("certificates", good.to_string())];
            let detail = detail.map(|(name, value)| (name.to_owned(), value)).into();
            self.audit.record(&before.declared_by, "incident revoke", before.id, detail).await?;
        }
        self.revocations.revoke_all(&before.declared_by, &slice.certificates, revocation.reason).await?;
        // All of them are revoked now. Those revoked before the start, or for another reason, do
        // not count.
        let own = slice.certificates.iter().filter(|certificate| {
            let by_it = |revoked: &Revocation| {
                revoked.listed_since() >= revocation.begins_at && revoked.reason == revocation.reason
            };
            certificate.revocation.as_ref().is_none_or(by_it)
        });
        let is_more = slice.next.is_some();
        let progress = StagedRevocation {
            revoked: revocation.revoked.saturating_add(own.count() as u64),
            finished_at: (!is_more).then(|| acme::whole_seconds(self.clock.now())),
            position: slice.next,
            ..revocation.clone()
        };
        let after = versioned(Incident { revocation: Some(progress), ..before.value.clone() })?;
        // Otherwise another process has done the same slice or ended the incident.
        let is_first = applied(self.incidents.put_incident(Some(before.version), &after).await)?;
        Ok(is_more || !is_first)
    }

    /// The slice of the affected certificates that starts at `position`.
    async fn select_affected(&self, incident: &Incident, position: Option<&Position>) -> Result<Slice, Error> {
        self.selections
            .select(&incident.affected, position, |certificate, directory| incident.is_about(certificate, directory))
            .await
    }
}
