//! The record of an ACME Profile.

use std::{collections::BTreeMap, net::IpAddr};

use acme::{ChallengeType, ProfileName, UnknownMembers};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::Listed;
use crate::{
    AcmeProfile, Caa, DnsResolver, Dnssec, ExistingAccounts, IdentifierRule, Limit, Limits, OfferedProfile,
    Perspectives, PreApproval, Preset, TermsOfServiceChange,
};

/// An ACME Profile as it is stored; the fields are those of [`AcmeProfile`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AcmeProfileRecord {
    name: ProfileName,
    enabled: bool,
    description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    preset: Option<Preset>,
    #[serde(default)]
    ra_profile: Option<ProfileName>,
    profiles: BTreeMap<String, OfferedProfileRecord>,
    require_contact: bool,
    allowed_contact_domains: Vec<String>,
    require_terms_of_service: bool,
    #[serde(default)]
    terms_of_service_url: Option<String>,
    #[serde(default)]
    website_url: Option<String>,
    caa_identities: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caa: Option<Caa>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    former_base_urls: Vec<String>,
    terms_of_service_change: TermsOfServiceChange,
    #[serde(default)]
    dns_resolver: Option<DnsResolverRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dnssec: Option<Dnssec>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    perspectives: Option<Perspectives>,
    retry_interval: u32,
    validity: u32,
    challenge_types: Vec<Listed<ChallengeType>>,
    allowed_networks: Vec<IpNet>,
    allowed_identifiers: Vec<IdentifierRule>,
    denied_identifiers: Vec<IdentifierRule>,
    allow_wildcards: bool,
    maximum_identifiers: u16,
    pre_approved: Vec<PreApprovalRecord>,
    external_account_required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    existing_accounts: Option<ExistingAccounts>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unused_accounts: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    allowed_origins: Option<Vec<String>>,
    limits: LimitsRecord,
    labels: BTreeMap<String, String>,
    #[serde(flatten)]
    unknown: UnknownMembers,
}

impl AcmeProfileRecord {
    /// The record of the profile that replaces `stored`. Members of `stored` that a newer version
    /// wrote are kept.
    pub fn of(profile: &AcmeProfile, stored: Option<&Self>) -> Self {
        let offered = profile.profiles.iter();
        Self {
            name: profile.name.clone(),
            enabled: profile.enabled,
            description: profile.description.clone(),
            preset: profile.preset,
            ra_profile: profile.ra_profile.clone(),
            profiles: offered.map(|(name, offered)| (name.clone(), offered.into())).collect(),
            require_contact: profile.require_contact,
            allowed_contact_domains: profile.allowed_contact_domains.clone(),
            require_terms_of_service: profile.require_terms_of_service,
            terms_of_service_url: profile.terms_of_service_url.clone(),
            website_url: profile.website_url.clone(),
            caa_identities: profile.caa_identities.clone(),
            caa: profile.caa,
            former_base_urls: profile.former_base_urls.clone(),
            terms_of_service_change: profile.terms_of_service_change,
            dnssec: profile.dnssec,
            perspectives: profile.perspectives,
            dns_resolver: profile.dns_resolver.map(|DnsResolver { address, port }| DnsResolverRecord { address, port }),
            retry_interval: profile.retry_interval,
            validity: profile.validity,
            challenge_types: Listed::all(&profile.challenge_types),
            allowed_networks: profile.allowed_networks.clone(),
            allowed_identifiers: profile.allowed_identifiers.clone(),
            denied_identifiers: profile.denied_identifiers.clone(),
            allow_wildcards: profile.allow_wildcards,
            maximum_identifiers: profile.maximum_identifiers,
            pre_approved: profile.pre_approved.iter().map(PreApprovalRecord::from).collect(),
            external_account_required: profile.external_account_required,
            existing_accounts: profile.existing_accounts,
            unused_accounts: profile.unused_accounts,
            allowed_origins: profile.allowed_origins.clone(),
            limits: LimitsRecord::from(&profile.limits),
            labels: profile.labels.clone(),
            unknown: stored.map(|stored| stored.unknown.clone()).unwrap_or_default(),
        }
    }

    /// The name of the profile.
    pub fn name(&self) -> &ProfileName {
        &self.name
    }
}

impl From<AcmeProfileRecord> for AcmeProfile {
    fn from(record: AcmeProfileRecord) -> Self {
        let resolver = |DnsResolverRecord { address, port }: DnsResolverRecord| DnsResolver { address, port };
        Self {
            name: record.name,
            enabled: record.enabled,
            description: record.description,
            preset: record.preset,
            ra_profile: record.ra_profile,
            profiles: record.profiles.into_iter().map(|(name, offered)| (name, offered.into())).collect(),
            require_contact: record.require_contact,
            allowed_contact_domains: record.allowed_contact_domains,
            require_terms_of_service: record.require_terms_of_service,
            terms_of_service_url: record.terms_of_service_url,
            website_url: record.website_url,
            caa_identities: record.caa_identities,
            caa: record.caa,
            former_base_urls: record.former_base_urls,
            terms_of_service_change: record.terms_of_service_change,
            dns_resolver: record.dns_resolver.map(resolver),
            dnssec: record.dnssec,
            perspectives: record.perspectives,
            retry_interval: record.retry_interval,
            validity: record.validity,
            challenge_types: record.challenge_types.into_iter().filter_map(Listed::known).collect(),
            allowed_networks: record.allowed_networks,
            allowed_identifiers: record.allowed_identifiers,
            denied_identifiers: record.denied_identifiers,
            allow_wildcards: record.allow_wildcards,
            maximum_identifiers: record.maximum_identifiers,
            pre_approved: record.pre_approved.into_iter().map(PreApproval::from).collect(),
            external_account_required: record.external_account_required,
            existing_accounts: record.existing_accounts,
            unused_accounts: record.unused_accounts,
            allowed_origins: record.allowed_origins,
            limits: record.limits.into(),
            labels: record.labels,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfferedProfileRecord {
    ra_profile: ProfileName,
    description: String,
}

impl From<&OfferedProfile> for OfferedProfileRecord {
    fn from(offered: &OfferedProfile) -> Self {
        Self { ra_profile: offered.ra_profile.clone(), description: offered.description.clone() }
    }
}

impl From<OfferedProfileRecord> for OfferedProfile {
    fn from(OfferedProfileRecord { ra_profile, description }: OfferedProfileRecord) -> Self {
        Self { ra_profile, description }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DnsResolverRecord {
    address: IpAddr,
    port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PreApprovalRecord {
    rule: IdentifierRule,
    wildcard: bool,
}

impl From<&PreApproval> for PreApprovalRecord {
    fn from(approval: &PreApproval) -> Self {
        Self { rule: approval.rule.clone(), wildcard: approval.wildcard }
    }
}

impl From<PreApprovalRecord> for PreApproval {
    fn from(PreApprovalRecord { rule, wildcard }: PreApprovalRecord) -> Self {
        Self { rule, wildcard }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LimitRecord {
    maximum: u32,
    window: u32,
}

/// Defines the record of [`Limits`], whose fields are all of the same type.
macro_rules! limits_record {
    ($($field:ident),+ $(,)?) => {
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct LimitsRecord {
            $(#[serde(skip_serializing_if = "Option::is_none")] $field: Option<LimitRecord>,)+
        }

        impl From<&Limits> for LimitsRecord {
            fn from(limits: &Limits) -> Self {
                let record = |Limit { maximum, window }: Limit| LimitRecord { maximum, window };
                Self { $($field: limits.$field.map(record),)+ }
            }
        }

        impl From<LimitsRecord> for Limits {
            fn from(record: LimitsRecord) -> Self {
                let limit = |LimitRecord { maximum, window }: LimitRecord| Limit { maximum, window };
                Self { $($field: record.$field.map(limit),)+ }
            }
        }
    };
}

limits_record!(
    new_accounts,
    new_accounts_per_external_account_key,
    new_orders,
    new_orders_per_account,
    new_orders_per_external_account_key,
    new_orders_per_registered_domain,
    pending_orders_per_account,
    pending_authorizations_per_account,
    failed_validations_per_account,
    certificates,
    certificates_per_account,
    certificates_per_registered_domain,
    certificates_per_set_of_names,
    key_changes_per_account,
);
