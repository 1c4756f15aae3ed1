//! Incidents: groups of certificates that clients have to renew early, spread over a period of time
//! (RFC 9773 §4.2).

use acme::{DirectoryId, IncidentId, RevocationReason, UnknownMembers};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CertificateRecord, OperationId, Position, Selection, StoreError, Versioned};

/// Access to the incidents.
#[async_trait]
pub trait IncidentStore: Send + Sync {
    /// Replaces the version `before` with `after`; `None` means that nothing is stored yet.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the stored incident is not `before`;
    /// [`StoreError::Unavailable`].
    async fn put_incident(&self, before: Option<OperationId>, after: &Versioned<Incident>) -> Result<(), StoreError>;

    /// All open incidents and those that ended within the last year, oldest first. There are few of
    /// them.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn incidents(&self) -> Result<Vec<Versioned<Incident>>, StoreError>;
}

/// An incident that an operator declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Incident {
    /// The id of the incident.
    pub id: IncidentId,
    /// When it was declared; from then on renewal information asks clients to renew.
    pub declared_at: Timestamp,
    /// The operator that declared it, as in audit records.
    pub declared_by: String,
    /// What happened, in the operator's words.
    pub description: String,
    /// The `explanationURL` of renewal information (RFC 9773 §4.2).
    pub explanation_url: Option<String>,
    /// The affected certificates, among those that were ordered before the declaration; their
    /// replacements are not affected.
    pub affected: Selection,
    /// The number of affected certificates, if they were counted before the declaration.
    pub counted: Option<u64>,
    /// The time by which clients should have renewed; renewals are spread over the time until then.
    pub renew_by: Timestamp,
    /// The progress of the revocation; `None` when the certificates are not to be revoked.
    pub revocation: Option<StagedRevocation>,
    /// When it ended; from then on renewal information does not mention it.
    pub ended_at: Option<Timestamp>,
    /// Members that a newer version wrote; they are kept when the record is written again.
    #[serde(flatten)]
    pub unknown: UnknownMembers,
}

impl Incident {
    /// Whether the incident has not ended.
    pub fn is_open(&self) -> bool {
        self.ended_at.is_none()
    }

    /// Whether the certificate, which was ordered in `directory`, is affected.
    pub fn is_about(&self, certificate: &CertificateRecord, directory: Option<&DirectoryId>) -> bool {
        // The id has its time in milliseconds, like the id of an order.
        certificate.order.is_some_and(|order| order.made_at() <= self.id.made_at())
            && self.affected.includes(certificate, directory)
    }

    /// Whether certificates are being revoked at that time.
    pub fn is_revoking(&self, now: Timestamp) -> bool {
        let due = |revocation: &StagedRevocation| revocation.finished_at.is_none() && revocation.begins_at <= now;
        self.is_open() && self.affected.is_understood() && self.revocation.as_ref().is_some_and(due)
    }
}

/// The staged revocation of the certificates of an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StagedRevocation {
    /// The reason code for CRLs (RFC 5280 §5.3.1).
    pub reason: RevocationReason,
    /// The start, which gives clients time to renew first.
    pub begins_at: Timestamp,
    /// Where it continues; `None` before the start and after the end.
    pub position: Option<Position>,
    /// The number of examined certificates that were revoked since the start, for its reason.
    pub revoked: u64,
    /// When all certificates had been examined.
    pub finished_at: Option<Timestamp>,
}

#[cfg(all(test, feature = "contract"))]
mod tests {
    use acme::OrderId;
    use jiff::SignedDuration;

    use super::*;
    use crate::contract::fixture::{at, certificate, changed, incident_at};

    #[test]
    fn an_incident_is_about_what_was_ordered_before_it_and_not_about_what_takes_its_place() {
        let incident = changed(&incident_at(1), |incident| incident.affected = Selection::default());
        let ordered = |ms: i64| {
            let order = OrderId::new(at(1) + SignedDuration::from_millis(ms), [7; 10]);
            changed(&certificate(), |certificate| certificate.order = Some(order))
        };
        assert!(incident.is_about(&ordered(0), None) && incident.is_about(&ordered(-1), None));
        assert!(!incident.is_about(&ordered(1), None), "it was ordered later");
    }

    #[test]
    fn certificates_are_revoked_from_the_begin_to_the_last_one_or_the_end_of_the_incident() {
        let begins_at = at(10);
        let revocation = StagedRevocation {
            reason: RevocationReason::Superseded,
            begins_at,
            position: None,
            revoked: 0,
            finished_at: None,
        };
        let incident = changed(&incident_at(0), |incident| incident.revocation = Some(revocation.clone()));
        assert!(!incident.is_revoking(at(9)) && incident.is_revoking(at(10)));
        let ended = changed(&incident, |incident| incident.ended_at = Some(at(11)));
        let newer = changed(&incident, |incident| incident.affected = serde_json::from_str(r#"{"novel":1}"#).unwrap());
        assert!(!newer.is_revoking(at(12)), "which certificates are meant is not known here");
        let finished = StagedRevocation { finished_at: Some(at(11)), ..revocation };
        let finished = changed(&incident, |incident| incident.revocation = Some(finished));
        assert!(!ended.is_revoking(at(12)) && !finished.is_revoking(at(12)) && !incident_at(0).is_revoking(at(12)));
    }
}
