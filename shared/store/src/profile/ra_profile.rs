//! RA Profiles: what certificates look like and who signs them.

use std::collections::BTreeSet;

use acme::ProfileName;
use ca::{CertificateKeyType, ExtendedKeyUsage, LeafProfile, Policy, SubjectRule};
use serde::{Deserialize, Serialize};

use crate::IssuerId;

/// An RA Profile: what its certificates look like and who signs them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RaProfile {
    /// Its name; with an ACME Profile bound to it, also that of a directory of family B.
    pub name: ProfileName,
    /// Whether it issues.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// Who signs.
    pub issuer: IssuerId,
    /// How long certificates are valid.
    #[serde(default)]
    pub certificate_validity: Validity,
    /// The keys that certificates may have.
    #[serde(default = "all_key_types")]
    pub key_types: BTreeSet<CertificateKeyType>,
    /// What the keys may be used for.
    #[serde(default = "server_and_client")]
    pub extended_key_usage: BTreeSet<ExtendedKeyUsage>,
    /// Certificate policies, dotted object identifiers.
    #[serde(default)]
    pub policies: Vec<Policy>,
    /// What the subject holds.
    #[serde(default)]
    pub subject: SubjectRule,
    /// The ACME Profile whose rules hold in family B; without one this profile has no directory.
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
            extended_key_usage: server_and_client(),
            policies: Vec::new(),
            subject: SubjectRule::default(),
            acme_profile: None,
        }
    }

    /// What of the profile stands in a certificate beside key, names and lifetime.
    pub fn leaf(&self) -> LeafProfile {
        LeafProfile {
            key_types: self.key_types.clone(),
            extended_key_usage: self.extended_key_usage.clone(),
            policies: self.policies.clone(),
            subject: self.subject,
        }
    }
}

/// Lifetimes of certificates, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Validity {
    /// When the order asks for none.
    pub default: u32,
    /// The most that an order may ask for.
    pub maximum: u32,
}

impl Default for Validity {
    /// 90 days, and as the most.
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

fn server_and_client() -> BTreeSet<ExtendedKeyUsage> {
    BTreeSet::from(ExtendedKeyUsage::ALL)
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
