//! Selections of certificates, and the position of a caller that goes through one.

use std::fmt;

use acme::{AccountId, DirectoryId, Identifier, OrderId, UnknownMembers};
use jiff::Timestamp;
use jose::Thumbprint;
use serde::{Deserialize, Serialize};

use crate::{CertificateEntry, CertificateRecord, IssuerId};

/// The certificates that meet all of the given restrictions. The host's own are never included:
/// they are renewed automatically, and operators do not revoke them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Selection {
    /// Only certificates of that issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<IssuerId>,
    /// Only certificates that were ordered in that directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryId>,
    /// Only certificates that were ordered by that account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// Only certificates that contain that identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Identifier>,
    /// Only certificates with the key of this JWK thumbprint (RFC 7638).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Thumbprint>,
    /// Only certificates with a `notBefore` at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Only certificates with a `notBefore` before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Restrictions that a newer version wrote. This version cannot evaluate them, so nothing is
    /// included until the newer version runs again.
    #[serde(flatten)]
    pub unknown: UnknownMembers,
}

impl Selection {
    /// Whether all restrictions are known to this version.
    pub fn is_understood(&self) -> bool {
        self.unknown.is_empty()
    }

    /// Whether there are no restrictions, so that every certificate is included.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the certificate is included, whatever its state. `directory` is the directory of its
    /// account, for certificates whose record does not contain the directory.
    pub fn includes(&self, certificate: &CertificateRecord, directory: Option<&DirectoryId>) -> bool {
        let directory = certificate.directory.as_ref().or(directory);
        self.is_understood()
            && certificate.account.is_some()
            && self.issuer.as_ref().is_none_or(|issuer| certificate.issuer == *issuer)
            && self.directory.as_ref().is_none_or(|wanted| directory == Some(wanted))
            && self.account.is_none_or(|account| certificate.account == Some(account))
            && self.name.as_ref().is_none_or(|name| certificate.identifiers.contains(name))
            && self.key.is_none_or(|key| certificate.has_key(&key))
            && self.from.is_none_or(|from| certificate.not_before >= from)
            && self.until.is_none_or(|until| certificate.not_before < until)
    }
}

/// Where a caller that goes through certificates in pages continues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Position {
    /// Among those with an identifier: with those before this one.
    Before(CertificateEntry),
    /// Among those of an account: with those of older orders.
    OlderThan(OrderId),
    /// Among all: with those that come after this one, by the end of their validity.
    Behind(CertificateEntry),
    /// Among all: with those whose validity ends at that time or later.
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
            key: None,
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

/// What is meant, for the record of an act: `issuer=issuing name=www.example.com`.
impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { issuer, directory, account, name, key, from, until, unknown } = self;
        let words = [
            ("account", account.map(|account| account.to_string())),
            ("from", from.map(|from| from.to_string())),
            ("issuer", issuer.as_ref().map(ToString::to_string)),
            ("key", key.map(|key| key.to_string())),
            ("name", name.as_ref().map(ToString::to_string)),
            ("others", (!unknown.is_empty()).then(|| "of a newer version".to_owned())),
            ("profile", directory.as_ref().map(ToString::to_string)),
            ("until", until.map(|until| until.to_string())),
        ];
        let words = words.into_iter().filter_map(|(word, value)| value.map(|value| format!("{word}={value}")));
        f.write_str(&words.collect::<Vec<_>>().join(" "))
    }
}
