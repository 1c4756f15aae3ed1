//! The part of an RA Profile that decides the form of a leaf certificate.

use std::{collections::BTreeSet, fmt, str::FromStr};

use acme::Identifier;
use const_oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH};
use der::oid::ObjectIdentifier;
use serde::{Deserialize, Serialize};

use crate::{CertificateKeyType, distinguished_name};

/// What the certificates of a profile contain besides key and identifiers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafProfile {
    /// The types of keys that may be certified.
    pub key_types: BTreeSet<CertificateKeyType>,
    /// The purposes of the key; at least one.
    pub extended_key_usage: BTreeSet<ExtendedKeyUsage>,
    /// The certificate policies; if there are none, the extension is left out.
    pub policies: Vec<Policy>,
    /// How the subject is made.
    pub subject: SubjectRule,
    /// Which of the extensions that old software expects there are.
    pub extensions: LeafExtensions,
}

impl Default for LeafProfile {
    /// A server certificate for a key of any type.
    fn default() -> Self {
        Self {
            key_types: BTreeSet::from(CertificateKeyType::ALL),
            extended_key_usage: BTreeSet::from([ExtendedKeyUsage::Server]),
            policies: Vec::new(),
            subject: SubjectRule::default(),
            extensions: LeafExtensions::default(),
        }
    }
}

/// A purpose of a key (RFC 5280 §4.2.1.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExtendedKeyUsage {
    /// TLS server authentication (`id-kp-serverAuth`).
    Server,
    /// TLS client authentication (`id-kp-clientAuth`).
    Client,
}

impl ExtendedKeyUsage {
    /// Every purpose, in the order in which certificates list them.
    pub const ALL: [Self; 2] = [Self::Server, Self::Client];

    pub(crate) fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Server => ID_KP_SERVER_AUTH,
            Self::Client => ID_KP_CLIENT_AUTH,
        }
    }
}

/// Which extensions a certificate has beyond what relying parties of today need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeafExtensions {
    /// A subject key identifier (RFC 5280 §4.2.1.2), and for RSA keys also the key usage
    /// `keyEncipherment`, which the key transport of TLS 1.2 asks for.
    #[default]
    Usual,
    /// Neither: the Baseline Requirements (7.1.2.7.6, 7.1.2.7.11) do not recommend them.
    Fewest,
}

/// What the subject contains. Only the subject alternative names count; the common name is for
/// people and for old software.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectRule {
    /// An empty subject.
    Empty,
    /// The first DNS name of the order that fits into a common name; an empty subject if none does.
    /// An address is never a common name, because some clients cannot read it there.
    #[default]
    CommonName,
}

impl SubjectRule {
    /// The common name that the rule gives for these identifiers.
    pub(crate) fn common_name(self, identifiers: &[Identifier]) -> Option<String> {
        let fits = |name: &String| name.len() <= distinguished_name::MAX_LENGTH;
        match self {
            Self::Empty => None,
            Self::CommonName => identifiers
                .iter()
                .filter(|identifier| !matches!(identifier, Identifier::Ip(_)))
                .map(Identifier::to_string)
                .find(fits),
        }
    }
}

/// The object identifier of a certificate policy (RFC 5280 §4.2.1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy(pub(crate) ObjectIdentifier);

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        ObjectIdentifier::new(text).map(Self).map_err(|_| PolicyError)
    }
}

acme::text_form!(Policy);

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is not an object identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a policy is an object identifier in dotted form, such as 2.23.140.1.2.1")]
pub struct PolicyError;

/// The URLs at which relying parties find what they need to verify a certificate. They are plain
/// `http://` URLs: fetching them over TLS would need the very chain that is being verified (RFC
/// 5280 §4.2.1.13, §8).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pointers {
    /// The issuer's certificate in DER (`caIssuers` of RFC 5280 §4.2.2.1).
    pub ca_issuers: Option<String>,
    /// The CRL that lists the certificate if it is revoked (RFC 5280 §4.2.1.13).
    pub crl: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_profile_are_written_as_they_are_read() {
        let kinds = serde_json::to_string(&ExtendedKeyUsage::ALL).unwrap();
        assert_eq!(kinds, r#"["server","client"]"#);
        assert_eq!(serde_json::from_str::<Vec<ExtendedKeyUsage>>(&kinds).unwrap(), ExtendedKeyUsage::ALL);
        for (rule, text) in [(SubjectRule::Empty, "\"empty\""), (SubjectRule::CommonName, "\"common-name\"")] {
            assert_eq!(serde_json::to_string(&rule).unwrap(), text);
            assert_eq!(serde_json::from_str::<SubjectRule>(text).unwrap(), rule);
        }
        let policy: Policy = serde_json::from_str(r#""2.23.140.1.2.1""#).unwrap();
        assert_eq!(serde_json::to_string(&policy).unwrap(), r#""2.23.140.1.2.1""#);
        assert!(serde_json::from_str::<Policy>(r#""x""#).is_err());
    }
}
