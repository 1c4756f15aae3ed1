//! The revocation of what an incident is about: it goes on by itself, piece by piece, from its begin to
//! its last certificate.
//!
//! A piece is done, and then the incident says so, in one conditional write. Whoever crashes in between
//! leaves the piece to be done again, and whoever was second lets the first one's word stand. So the count
//! is right whatever happens: it counts what is revoked, not who did it.

use authority::{applied, versioned};
use store::{Incident, Revocation, StagedRevocation, Versioned};

use crate::{Authority, Error};

impl Authority {
    /// Revokes one piece for each incident whose revocation has begun. Answers whether there is more to do.
    ///
    /// # Errors
    /// When a piece could not be done; it is done by whoever calls next.
    pub async fn continue_revocations(&self) -> Result<bool, Error> {
        let mut is_more = false;
        let now = self.now();
        for incident in self.incidents().await?.into_iter().filter(|incident| incident.is_revoking(now)) {
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
        self.revoke_all(&before.declared_by, &slice.certificates, revocation.reason).await?;
        // All of them are revoked now; those that were before it began, or for another reason, are not its own.
        let own = slice.certificates.iter().filter(|certificate| {
            let by_it =
                |revoked: &Revocation| revoked.at >= revocation.begins_at && revoked.reason == revocation.reason;
            certificate.revocation.as_ref().is_none_or(by_it)
        });
        let is_more = slice.next.is_some();
        let progress = StagedRevocation {
            revoked: revocation.revoked.saturating_add(own.count() as u64),
            finished_at: (!is_more).then(|| acme::whole_seconds(self.now())),
            position: slice.next,
            ..revocation.clone()
        };
        let after = versioned(Incident { revocation: Some(progress), ..before.value.clone() })?;
        // Otherwise somebody else did the same piece, or ended the incident.
        let is_first = applied(self.store.put_incident(Some(before.version), &after).await)?;
        Ok(is_more || !is_first)
    }
}
