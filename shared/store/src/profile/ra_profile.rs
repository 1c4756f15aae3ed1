//! RA Profiles: the contents and the issuer of certificates.

use std::collections::BTreeSet;

use acme::ProfileName;
use ca::{CertificateKeyType, ExtendedKeyUsage, LeafExtensions, LeafProfile, Policy, SubjectRule};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Preset;
use crate::IssuerId;

/// An RA Profile: the contents and the issuer of its certificates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", from = "Document")]
pub struct RaProfile {
    /// The name of the profile. If `acme_profile` is set, it is also the name of a directory of
    /// family B.
    pub name: ProfileName,
    /// Whether certificates are issued with the profile.
    pub enabled: bool,
    /// A note of the operator, without meaning for the CA.
    pub description: String,
    /// What the certificates are for; it fills in what a document leaves out, and limits the
    /// lifetime of public ones by the calendar.
    // Left out when absent, because e70810c refuses the members of profiles that it does not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<Preset>,
    /// The issuer that signs the certificates.
    pub issuer: IssuerId,
    /// The lifetimes of certificates.
    pub certificate_validity: Validity,
    /// The allowed types of certified keys.
    pub key_types: BTreeSet<CertificateKeyType>,
    /// The extended key usages of certificates (RFC 5280 §4.2.1.12).
    pub extended_key_usage: BTreeSet<ExtendedKeyUsage>,
    /// The certificate policies, as dotted object identifiers (RFC 5280 §4.2.1.4).
    pub policies: Vec<Policy>,
    /// The contents of the subject.
    pub subject: SubjectRule,
    /// Which extensions certificates have beyond what relying parties of today need; the usual ones
    /// when absent.
    // Left out when absent, because e70810c refuses the members of profiles that it does not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<LeafExtensions>,
    /// The ACME Profile whose rules apply in family B; without one, this profile has no directory
    /// of family B.
    pub acme_profile: Option<ProfileName>,
}

/// An RA Profile as a document has it. What may be absent depends on the preset where it is an
/// `Option` here and none in the profile.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    name: ProfileName,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default)]
    description: String,
    #[serde(default)]
    preset: Option<Preset>,
    issuer: IssuerId,
    #[serde(default)]
    certificate_validity: Option<Validity>,
    #[serde(default)]
    key_types: Option<BTreeSet<CertificateKeyType>>,
    #[serde(default = "server")]
    extended_key_usage: BTreeSet<ExtendedKeyUsage>,
    #[serde(default)]
    policies: Option<Vec<Policy>>,
    #[serde(default)]
    subject: Option<SubjectRule>,
    #[serde(default)]
    extensions: Option<LeafExtensions>,
    #[serde(default)]
    acme_profile: Option<ProfileName>,
}

impl From<Document> for RaProfile {
    fn from(document: Document) -> Self {
        let usual = match document.preset {
            Some(preset) => Self::of_preset(preset, document.name, document.issuer),
            None => Self::new(document.name, document.issuer),
        };
        Self {
            enabled: document.enabled,
            description: document.description,
            certificate_validity: document.certificate_validity.unwrap_or(usual.certificate_validity),
            key_types: document.key_types.unwrap_or(usual.key_types),
            extended_key_usage: document.extended_key_usage,
            policies: document.policies.unwrap_or(usual.policies),
            subject: document.subject.unwrap_or(usual.subject),
            extensions: document.extensions.or(usual.extensions),
            acme_profile: document.acme_profile,
            ..usual
        }
    }
}

impl RaProfile {
    /// A profile with every default.
    pub fn new(name: ProfileName, issuer: IssuerId) -> Self {
        Self {
            name,
            enabled: yes(),
            description: String::new(),
            preset: None,
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

    /// A profile with every default of this preset.
    pub fn of_preset(preset: Preset, name: ProfileName, issuer: IssuerId) -> Self {
        let plain = Self::new(name, issuer);
        Self {
            preset: Some(preset),
            certificate_validity: preset.certificate_validity(),
            key_types: preset.key_types().unwrap_or_else(all_key_types),
            policies: preset.policies(),
            subject: preset.subject(),
            extensions: preset.extensions(),
            ..plain
        }
    }

    /// The longest validity that its certificates may have when they are issued at that time, in
    /// seconds with both ends, whatever their lifetimes; `None` where nothing limits these.
    pub fn longest_validity(&self, issued_at: Timestamp) -> Option<u32> {
        self.preset.and_then(|preset| preset.longest_validity(issued_at))
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

pub(super) const DAY: u32 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p1_the_documented_defaults_are_those_of_an_empty_document() {
        let ra: RaProfile = serde_json::from_str(r#"{"name": "web", "issuer": "issuing"}"#).unwrap();
        assert_eq!(ra, RaProfile::new("web".parse().unwrap(), "issuing".parse().unwrap()));
    }

    #[test]
    fn a_preset_fills_in_what_a_document_leaves_out_and_each_field_stays_ones_own() {
        let read = |text: &str| serde_json::from_str::<RaProfile>(text).unwrap();
        for (preset, word) in
            [(Preset::Private, "private"), (Preset::ShortLived, "short-lived"), (Preset::Public, "public")]
        {
            let filled = read(&format!(r#"{{"name": "web", "issuer": "issuing", "preset": "{word}"}}"#));
            assert_eq!(filled, RaProfile::of_preset(preset, "web".parse().unwrap(), "issuing".parse().unwrap()));
            let again = serde_json::from_value::<RaProfile>(serde_json::to_value(&filled).unwrap()).unwrap();
            assert_eq!(again, filled);
            assert!(filled.certificate_validity.default < Validity::default().default);
            assert_eq!(filled.extended_key_usage, server());
        }
        let own = r#"{
            "name": "web", "issuer": "issuing", "preset": "public", "certificateValidity": {"default": 60, "maximum": 90},
            "keyTypes": ["Ed25519"], "policies": [], "subject": "common-name", "extensions": "usual",
            "extendedKeyUsage": ["client"]
        }"#;
        let plain = own.replace(r#""preset": "public","#, "");
        assert_eq!(read(own), RaProfile { preset: Some(Preset::Public), ..read(&plain) });
    }
}
