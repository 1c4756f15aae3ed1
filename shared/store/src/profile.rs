//! Profiles: what an operator decides, once for each directory.
//!
//! The same fields, names and defaults stand in the configuration file and in the store.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
};

use acme::{ChallengeType, ProfileName};
use async_trait::async_trait;
use ca::{CertificateKeyType, ExtendedKeyUsage, LeafProfile, Policy, SubjectRule};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{IssuerId, StoreError};

/// The profiles.
#[async_trait]
pub trait ProfileStore {
    /// The ACME Profile of that name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn acme_profile(&self, name: &ProfileName) -> Result<Option<AcmeProfile>, StoreError>;

    /// The RA Profile of that name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn ra_profile(&self, name: &ProfileName) -> Result<Option<RaProfile>, StoreError>;

    /// Makes these the profiles, all of them and no others, in one change where the engine can.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn set_profiles(&self, acme: &[AcmeProfile], ra: &[RaProfile]) -> Result<(), StoreError>;
}

/// An ACME Profile: how a directory treats its clients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AcmeProfile {
    /// Its name, the last part of its directories' base URL.
    pub name: ProfileName,
    /// Whether it serves.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// The RA Profile that issues for family A.
    #[serde(default)]
    pub ra_profile: Option<ProfileName>,
    /// Whether an account must name a contact.
    #[serde(default)]
    pub require_contact: bool,
    /// Whether an account must agree to the terms.
    #[serde(default)]
    pub require_terms_of_service: bool,
    /// The present terms, shown in the directory.
    #[serde(default)]
    pub terms_of_service_url: Option<String>,
    /// A page about the CA, shown in the directory.
    #[serde(default)]
    pub website_url: Option<String>,
    /// Names that the CA answers to in CAA records, shown in the directory.
    #[serde(default)]
    pub caa_identities: Vec<String>,
    /// What changed terms mean for existing accounts.
    #[serde(default)]
    pub terms_of_service_change: TermsOfServiceChange,
    /// The resolver of all look-ups of validation; the host's default when absent.
    #[serde(default)]
    pub dns_resolver: Option<DnsResolver>,
    /// `Retry-After` while there is something to wait for, in seconds.
    #[serde(default = "one")]
    pub retry_interval: u32,
    /// The life of orders and authorizations, in seconds.
    #[serde(default = "ten_hours")]
    pub validity: u32,
    /// The challenge types that are offered.
    #[serde(default = "all_challenges")]
    pub challenge_types: Vec<ChallengeType>,
    /// Special-purpose networks that validation may reach besides the public Internet.
    #[serde(default)]
    pub allowed_networks: Vec<IpNet>,
}

impl AcmeProfile {
    /// A profile with every default, which issues nothing before it has an RA Profile.
    pub fn new(name: ProfileName) -> Self {
        Self {
            name,
            enabled: yes(),
            description: String::new(),
            ra_profile: None,
            require_contact: false,
            require_terms_of_service: false,
            terms_of_service_url: None,
            website_url: None,
            caa_identities: Vec::new(),
            terms_of_service_change: TermsOfServiceChange::default(),
            dns_resolver: None,
            retry_interval: one(),
            validity: ten_hours(),
            challenge_types: all_challenges(),
            allowed_networks: Vec::new(),
        }
    }
}

/// What changed terms mean for existing accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TermsOfServiceChange {
    /// Nothing.
    #[default]
    Disabled,
    /// New orders wait until the account agrees to the present URL.
    Url,
}

/// A DNS resolver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DnsResolver {
    /// Its address.
    pub address: IpAddr,
    /// Its port.
    #[serde(default = "dns_port")]
    pub port: u16,
}

impl DnsResolver {
    /// Address and port.
    pub fn socket_address(self) -> SocketAddr {
        SocketAddr::new(self.address, self.port)
    }
}

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

fn one() -> u32 {
    1
}

fn ten_hours() -> u32 {
    36_000
}

fn dns_port() -> u16 {
    53
}

fn all_challenges() -> Vec<ChallengeType> {
    ChallengeType::ALL.to_vec()
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
        let name: ProfileName = "web".parse().unwrap();
        let acme: AcmeProfile = serde_json::from_str(r#"{"name": "web"}"#).unwrap();
        assert_eq!(acme, AcmeProfile::new(name.clone()));
        let ra: RaProfile = serde_json::from_str(r#"{"name": "web", "issuer": "issuing"}"#).unwrap();
        assert_eq!(ra, RaProfile::new(name, "issuing".parse().unwrap()));
    }
}
