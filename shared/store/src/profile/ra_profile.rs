//! RA Profiles: the contents and the issuer of certificates.

use std::collections::BTreeSet;

use acme::ProfileName;
use ca::{CertificateKeyType, ExtendedKeyUsage, LeafExtensions, LeafProfile, Policy, SubjectRule};
use serde::{Deserialize, Serialize};

use crate::IssuerId;

/// An RA Profile: the contents and the issuer of its certificates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RaProfile {
    /// The name of the profile. If `acme_profile` is set, it is also the name of a directory of
    /// family B.
    pub name: ProfileName,
    /// Whether certificates are issued with the profile.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// A note of the operator, without meaning for the CA.
    #[serde(default)]
    pub description: String,
    /// The issuer that signs the certificates.
    pub issuer: IssuerId,
    /// The lifetimes of certificates.
    #[serde(default)]
    pub certificate_validity: Validity,
    /// The allowed types of certified keys.
    #[serde(default = "all_key_types")]
    pub key_types: BTreeSet<CertificateKeyType>,
    /// The extended key usages of certificates (RFC 5280 §4.2.1.12).
    #[serde(default = "server")]
    pub extended_key_usage: BTreeSet<ExtendedKeyUsage>,
    /// The certificate policies, as dotted object identifiers (RFC 5280 §4.2.1.4).
    #[serde(default)]
    pub policies: Vec<Policy>,
    /// The contents of the subject.
    #[serde(default)]
    pub subject: SubjectRule,
    /// Which extensions certificates have beyond what relying parties of today need; the usual ones
    /// when absent.
    // Left out when absent, because e70810c refuses the members of profiles that it does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extensions: Option<LeafExtensions>,
    /// The ACME Profile whose rules apply in family B; without one, this profile has no directory
    /// of family B.
    #[serde(default)]
    pub acme_profile: Option<ProfileName>,
}

impl RaProfile {
    /// A profile with every default.
    pub fn new(name: ProfileName, issuer: IssuerId) -> Self {
        Self {
            name,
            enabled: yes(),
            description: String::new(),
            issuer,
            certificate_validity: Validity::default(),
            key_types: all_key_types(),
            extended_key_usage: server(),
            policies: Vec::new(),
            subject: SubjectRule::default(),
            extensions: None,
            acme_profile: None,
        }
    }

    /// The contents of certificates that the profile determines, other than key, identifiers and
    /// lifetime.
    pub fn leaf(&self) -> LeafProfile {
        LeafProfile {
            key_types: self.key_types.clone(),
            extended_key_usage: self.extended_key_usage.clone(),
            policies: self.policies.clone(),
            subject: self.subject,
            extensions: self.extensions.unwrap_or_default(),
        }
    }
}

/// Lifetimes of certificates, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Validity {
    /// The lifetime when the order requests none.
    pub default: u32,
    /// The longest lifetime that an order may request.
    pub maximum: u32,
}

impl Default for Validity {
    /// A default and a maximum of 90 days.
    fn default() -> Self {
        Self { default: 90 * DAY, maximum: 90 * DAY }
    }
}

fn yes() -> bool {
    true
}

fn all_key_types() -> BTreeSet<CertificateKeyType> {
    BTreeSet::from(CertificateKeyType::ALL)
}

/// A certificate identifies a client only where the operator says so: control of a name makes no
/// one a user of it.
fn server() -> BTreeSet<ExtendedKeyUsage> {
    BTreeSet::from([ExtendedKeyUsage::Server])
}

const DAY: u32 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p1_the_documented_defaults_are_those_of_an_empty_document() {
        let ra: RaProfile = serde_json::from_str(r#"{"name": "web", "issuer": "issuing"}"#).unwrap();
        assert_eq!(ra, RaProfile::new("web".parse().unwrap(), "issuing".parse().unwrap()));
    }
}
