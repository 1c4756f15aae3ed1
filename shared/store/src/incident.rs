//! Incidents: certificates that are to be replaced before their time, all at once and yet not all at
//! the same moment (RFC 9773 §4.2).

use acme::{AccountId, DirectoryId, IncidentId, RevocationReason};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CertificateRecord, CertificateState, IssuerId, OperationId, StoreError, Versioned};

/// The incidents.
#[async_trait]
pub trait IncidentStore {
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
    /// Which certificates.
    pub affected: Affected,
    /// Until when clients are to have renewed; they are spread over the time until then.
    pub renew_by: Timestamp,
    /// How far the certificates are revoked; `None` when they are not to be.
    pub revocation: Option<StagedRevocation>,
    /// When it was over: clients are told nothing of it any more.
    pub ended_at: Option<Timestamp>,
}

impl Incident {
    /// Whether it goes on.
    pub fn is_open(&self) -> bool {
        self.ended_at.is_none()
    }
}

/// Which certificates an incident is about: those for which all holds that is said here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Affected {
    /// Signed by that issuer.
    pub issuer: Option<IssuerId>,
    /// Ordered in that directory.
    pub directory: Option<DirectoryId>,
    /// Ordered by that account.
    pub account: Option<AccountId>,
    /// Valid from this time or later.
    pub from: Option<Timestamp>,
    /// Valid from before this time.
    pub until: Option<Timestamp>,
}

impl Affected {
    /// Whether the certificate, ordered in `directory`, is one of them. Revoked ones are not, nor those
    /// that were never signed.
    pub fn includes(&self, certificate: &CertificateRecord, directory: Option<&DirectoryId>) -> bool {
        matches!(certificate.state, CertificateState::Issued { .. })
            && certificate.revocation.is_none()
            && self.issuer.as_ref().is_none_or(|issuer| certificate.issuer == *issuer)
            && self.directory.as_ref().is_none_or(|wanted| directory == Some(wanted))
            && self.account.is_none_or(|account| certificate.account == Some(account))
            && self.from.is_none_or(|from| certificate.not_before >= from)
            && self.until.is_none_or(|until| certificate.not_before < until)
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
    /// Up to which end of validity the certificates were looked at.
    pub looked_until: Option<Timestamp>,
    /// How many were revoked.
    pub revoked: u64,
    /// When the last one was.
    pub finished_at: Option<Timestamp>,
}

#[cfg(all(test, feature = "contract"))]
mod tests {
    use super::*;
    use crate::contract::fixture::{at, certificate, directory, issued, issuer_id, revoked};

    #[test]
    fn an_incident_is_about_what_fits_all_that_it_says() {
        let made = issued(&certificate());
        let home = directory();
        let everything = Affected::default();
        assert!(everything.includes(&made, None));
        assert!(!everything.includes(&certificate(), None), "nobody has a certificate that was never signed");
        assert!(!everything.includes(&revoked(&made), None), "it is revoked already");
        let narrow = Affected {
            issuer: Some(made.issuer.clone()),
            directory: Some(home.clone()),
            account: made.account,
            from: Some(at(0)),
            until: Some(at(1)),
        };
        assert!(narrow.includes(&made, Some(&home)));
        assert!(!narrow.includes(&made, None) && !narrow.includes(&made, Some(&directory())));
        for other in [
            Affected { issuer: Some(issuer_id()), ..narrow.clone() },
            Affected { account: certificate().account, ..narrow.clone() },
            Affected { from: Some(at(1)), ..narrow.clone() },
            Affected { until: Some(at(0)), ..narrow.clone() },
        ] {
            assert!(!other.includes(&made, Some(&home)), "{other:?}");
        }
    }
}
