//! Incidents: certificates that are to be replaced before their time, all at once and yet not all at
//! the same moment (RFC 9773 §4.2).

use acme::{DirectoryId, IncidentId, RevocationReason, UnknownMembers};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CertificateRecord, OperationId, Position, Selection, StoreError, Versioned};

/// The incidents.
#[async_trait]
pub trait IncidentStore: Send + Sync {
    /// Puts `after` in the place of the version `before`, where `None` is nothing there.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the incident is no longer `before`; [`StoreError::Unavailable`].
    async fn put_incident(&self, before: Option<OperationId>, after: &Versioned<Incident>) -> Result<(), StoreError>;

    /// All incidents, oldest first: those that go on, and for a year those that ended. They are few.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn incidents(&self) -> Result<Vec<Versioned<Incident>>, StoreError>;
}

/// An incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// When it was declared; from then on clients are told to renew.
    pub declared_at: Timestamp,
    /// By whom.
    pub declared_by: String,
    /// What happened, for people.
    pub description: String,
    /// The page that clients are shown (RFC 9773 §4.2).
    pub explanation_url: Option<String>,
    /// Which certificates, of those that were ordered before it was declared: what clients get in their place
    /// is good.
    pub affected: Selection,
    /// How many there were, when somebody counted them before.
    pub counted: Option<u64>,
    /// Until when clients are to have renewed; they are spread over the time until then.
    pub renew_by: Timestamp,
    /// How far the certificates are revoked; `None` when they are not to be.
    pub revocation: Option<StagedRevocation>,
    /// When it was over: clients are told nothing of it any more.
    pub ended_at: Option<Timestamp>,
    /// What a newer version knows of it.
    #[serde(flatten)]
    pub unknown: UnknownMembers,
}

impl Incident {
    /// Whether it goes on.
    pub fn is_open(&self) -> bool {
        self.ended_at.is_none()
    }

    /// Whether it is about the certificate, ordered in `directory`.
    pub fn is_about(&self, certificate: &CertificateRecord, directory: Option<&DirectoryId>) -> bool {
        // The time of the id is known to the millisecond, like that of the order's.
        certificate.order.is_some_and(|order| order.made_at() <= self.id.made_at())
            && self.affected.includes(certificate, directory)
    }

    /// Whether certificates are to be revoked at that time.
    pub fn is_revoking(&self, now: Timestamp) -> bool {
        let due = |revocation: &StagedRevocation| revocation.finished_at.is_none() && revocation.begins_at <= now;
        self.is_open() && self.affected.is_understood() && self.revocation.as_ref().is_some_and(due)
    }
}

/// The revocation of what an incident is about, piece by piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StagedRevocation {
    /// The reason in CRLs.
    pub reason: RevocationReason,
    /// When it begins, so that clients can renew first.
    pub begins_at: Timestamp,
    /// Where it goes on; `None` before it began, and when it is finished.
    pub position: Option<Position>,
    /// How many of those that were looked at are revoked since it began, for its reason.
    pub revoked: u64,
    /// When all were looked at.
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
