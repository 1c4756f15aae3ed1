//! The revocation of what an incident is about: it goes on by itself, piece by piece, from its begin to
//! its last certificate.
//!
//! A piece is done, and then the incident says so, in one conditional write. Whoever crashes in between
//! leaves the piece to be done again, and whoever was second lets the first one's word stand. So the count
//! is right whatever happens: it counts what is revoked, not who did it.

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

    /// Revokes one piece for each incident whose revocation has begun. Answers whether there is more to do.
    ///
    /// # Errors
    /// When a piece could not be done; it is done by whoever calls next.
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
        // All of them are revoked now; those that were before it began, or for another reason, are not its own.
        let own = slice.certificates.iter().filter(|certificate| {
            let by_it =
                |revoked: &Revocation| revoked.at >= revocation.begins_at && revoked.reason == revocation.reason;
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
        // Otherwise somebody else did the same piece, or ended the incident.
        let is_first = applied(self.incidents.put_incident(Some(before.version), &after).await)?;
        Ok(is_more || !is_first)
    }

    /// The piece of the certificates that the incident is about which begins at `position`.
    async fn select_affected(&self, incident: &Incident, position: Option<&Position>) -> Result<Slice, Error> {
        self.selections
            .select(&incident.affected, position, |certificate, directory| incident.is_about(certificate, directory))
            .await
    }
}
