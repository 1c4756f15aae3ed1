//! Which certificates are meant, and how far somebody has come who goes through them.

use acme::{AccountId, DirectoryId, Identifier, OrderId, UnknownMembers};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CertificateEntry, CertificateRecord, IssuerId};

/// Certificates for which all holds that is said here. The host's own are never among them: they are
/// nobody's to revoke, and renew themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Selection {
    /// Signed by that issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<IssuerId>,
    /// Ordered in that directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryId>,
    /// Ordered by that account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// For that name, among others perhaps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Identifier>,
    /// Valid from this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Valid from before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Restrictions that a newer version knows. What they leave out is not known here, so that nothing is
    /// included until that version is back.
    #[serde(flatten)]
    pub unknown: UnknownMembers,
}

impl Selection {
    /// Whether all restrictions are known to this version.
    pub fn is_understood(&self) -> bool {
        self.unknown.is_empty()
    }

    /// Whether nothing is said, so that every certificate is meant.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the certificate is meant, whatever has become of it. `directory` is that of its account, for
    /// certificates whose record does not say in which they were ordered.
    pub fn includes(&self, certificate: &CertificateRecord, directory: Option<&DirectoryId>) -> bool {
        let directory = certificate.directory.as_ref().or(directory);
        self.is_understood()
            && certificate.account.is_some()
            && self.issuer.as_ref().is_none_or(|issuer| certificate.issuer == *issuer)
            && self.directory.as_ref().is_none_or(|wanted| directory == Some(wanted))
            && self.account.is_none_or(|account| certificate.account == Some(account))
            && self.name.as_ref().is_none_or(|name| certificate.identifiers.contains(name))
            && self.from.is_none_or(|from| certificate.not_before >= from)
            && self.until.is_none_or(|until| certificate.not_before < until)
    }
}

/// Where somebody goes on who goes through certificates piece by piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Position {
    /// Of those with a name: with those before this one.
    Before(CertificateEntry),
    /// Of those of an account: with those of older orders.
    OlderThan(OrderId),
    /// Of all: with those that end behind this one.
    Behind(CertificateEntry),
    /// Of all: with those that end at that time or later.
    EndingFrom(Timestamp),
}

#[cfg(all(test, feature = "contract"))]
mod tests {
    use super::*;
    use crate::contract::fixture::{at, certificate, directory, dns, issuer_id};

    #[test]
    fn a_certificate_is_meant_when_it_fits_all_that_is_said() {
        let home = directory();
        let made = certificate();
        assert!(Selection::default().is_everything() && Selection::default().includes(&made, None));
        let narrow = Selection {
            issuer: Some(made.issuer.clone()),
            directory: Some(home.clone()),
            account: made.account,
            name: made.identifiers.first().cloned(),
            from: Some(at(0)),
            until: Some(at(1)),
            unknown: UnknownMembers::default(),
        };
        assert!(narrow.includes(&made, Some(&home)));
        assert!(!narrow.includes(&made, None) && !narrow.includes(&made, Some(&directory())));
        let elsewhere = Some(directory());
        let moved = CertificateRecord { directory: elsewhere, ..made.value.clone() };
        assert!(!narrow.includes(&moved, Some(&home)), "what the record says counts first");
        for other in [
            Selection { issuer: Some(issuer_id()), ..narrow.clone() },
            Selection { account: certificate().account, ..narrow.clone() },
            Selection { name: Some(dns("elsewhere.example.com")), ..narrow.clone() },
            Selection { from: Some(at(1)), ..narrow.clone() },
            Selection { until: Some(at(0)), ..narrow.clone() },
        ] {
            assert!(!other.includes(&made, Some(&home)), "{other:?}");
        }
        let of_the_host = CertificateRecord { account: None, order: None, ..made.value };
        assert!(!Selection::default().includes(&of_the_host, None), "it is the host's own");
    }

    #[test]
    fn a_restriction_of_a_newer_version_leaves_everything_out() {
        let newer: Selection = serde_json::from_str(r#"{ "novel": 1 }"#).unwrap();
        assert!(!newer.includes(&certificate(), None) && !newer.is_everything());
        assert_eq!(serde_json::to_string(&newer).unwrap(), r#"{"novel":1}"#, "it is there for that version");
    }
}
