//! ACME Profiles: the settings of a directory towards its clients.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use acme::{ChallengeType, Identifier, ProfileName, labels};
use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Preset;
use crate::{IdentifierRule, Limits};

/// An ACME Profile: the settings of a directory towards its clients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct AcmeProfile {
    /// The name of the profile, which is the last segment of the base URL of its directories.
    pub name: ProfileName,
    /// Whether its directories answer requests.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// A note of the operator, without meaning for the CA.
    #[serde(default)]
    pub description: String,
    /// What the directory is for; it fills in `caa`, `dnssec` and `perspectives` where a document
    /// leaves them out, and a public one refuses names of its own accord.
    // Left out when absent, because e70810c refuses the members of profiles that it does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<Preset>,
    /// The RA Profile that issues for family A; without one, the profile has no directory of family
    /// A.
    #[serde(default)]
    pub ra_profile: Option<ProfileName>,
    /// Further RA Profiles that a client may select, by the names under which the directory
    /// advertises them (profiles extension).
    #[serde(default)]
    pub profiles: BTreeMap<String, OfferedProfile>,
    /// Whether an account must have a contact.
    #[serde(default)]
    pub require_contact: bool,
    /// The domains in or below which the e-mail addresses of contacts must lie; any domain when
    /// empty.
    #[serde(default)]
    pub allowed_contact_domains: Vec<String>,
    /// Whether an account must agree to the terms of service.
    #[serde(default)]
    pub require_terms_of_service: bool,
    /// The URL of the present terms of service, advertised in the directory (RFC 8555 §7.1.1).
    #[serde(default)]
    pub terms_of_service_url: Option<String>,
    /// A web page about the CA, advertised in the directory (RFC 8555 §7.1.1).
    #[serde(default)]
    pub website_url: Option<String>,
    /// The names by which CAA records identify the CA, advertised in the directory (RFC 8555
    /// §7.1.1).
    #[serde(default)]
    pub caa_identities: Vec<String>,
    /// Whether CAA records are checked (RFC 8659); they are not when absent.
    // Left out when absent, because e70810c refuses the members of profiles that it does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caa: Option<Caa>,
    /// The base URLs under which the directory was reached before: an account is the same to CAA
    /// records under each of them (RFC 8657 §3).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_base_urls: Vec<String>,
    /// What changed terms of service require of existing accounts.
    #[serde(default)]
    pub terms_of_service_change: TermsOfServiceChange,
    /// The DNS resolver for validation; the host's default when absent.
    #[serde(default)]
    pub dns_resolver: Option<DnsResolver>,
    /// Who validates the signatures of DNS (DNSSEC, RFC 4035); no one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dnssec: Option<Dnssec>,
    /// Whether other networks have to see what the CA saw (Baseline Requirements 3.2.2.9); they are
    /// not asked when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perspectives: Option<Perspectives>,
    /// The value of `Retry-After` in answers to polling clients, in seconds.
    #[serde(default = "one")]
    pub retry_interval: u32,
    /// The lifetime of orders and authorizations, in seconds.
    #[serde(default = "ten_hours")]
    pub validity: u32,
    /// The challenge types that authorizations offer.
    #[serde(default = "all_challenges")]
    pub challenge_types: Vec<ChallengeType>,
    /// Special-purpose networks that validation may connect to in addition to public addresses.
    #[serde(default)]
    pub allowed_networks: Vec<IpNet>,
    /// Rules for the identifiers that the directory issues for; all identifiers when there is no
    /// rule.
    #[serde(default)]
    pub allowed_identifiers: Vec<IdentifierRule>,
    /// Exceptions from `allowed_identifiers`.
    #[serde(default)]
    pub denied_identifiers: Vec<IdentifierRule>,
    /// Whether the directory issues for wildcard names.
    #[serde(default = "yes")]
    pub allow_wildcards: bool,
    /// The maximum number of identifiers in an order, 1–100.
    #[serde(default = "one_hundred")]
    pub maximum_identifiers: u16,
    /// Identifiers whose authorizations are created valid. Only accounts with an external account
    /// binding are pre-approved.
    #[serde(default)]
    pub pre_approved: Vec<PreApproval>,
    /// Whether a new account needs an external account binding (RFC 8555 §7.3.4).
    #[serde(default)]
    pub external_account_required: bool,
    /// What becomes of accounts without an external account binding where one is required; they go
    /// on when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing_accounts: Option<ExistingAccounts>,
    /// For how many seconds an account without an external account is kept that never orders; 0 is
    /// for ever, and 90 days when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unused_accounts: Option<u32>,
    /// The origins whose web pages may use the directory, such as `https://ca.example`; `*` is
    /// every one. When absent: every one, unless validation may connect to special-purpose networks
    /// for accounts without an external account binding, because then any page could have them
    /// probed.
    // Left out when absent, because e70810c refuses the members of profiles that it does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_origins: Option<Vec<String>>,
    /// The limits of the directory.
    #[serde(default)]
    pub limits: Limits,
    /// Key-value pairs of the operator, without meaning for the CA.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

impl<'de> Deserialize<'de> for AcmeProfile {
    /// The profile of a document, with what its preset fills in.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Self::deserialize(deserializer)?;
        Ok(Self {
            caa: written.caa.or_else(|| written.preset.and_then(Preset::caa)),
            dnssec: written.dnssec.or_else(|| written.preset.and_then(Preset::dnssec)),
            perspectives: written.perspectives.or_else(|| written.preset.and_then(Preset::perspectives)),
            ..written
        })
    }
}

impl Serialize for AcmeProfile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl AcmeProfile {
    /// Whether validation may still contact this address, which lies in this special-purpose
    /// network that the profile allowed before.
    pub fn still_allows(&self, address: IpAddr, network: &str) -> bool {
        let Ok(network) = network.parse::<IpNet>() else { return false };
        // A larger network may allow less: loopback addresses need one of their own.
        self.allowed_networks.iter().any(|present| network.contains(present) && present.contains(&address))
    }

    /// A profile with every default. It issues nothing until it has an RA Profile.
    pub fn new(name: ProfileName) -> Self {
        Self {
            name,
            enabled: yes(),
            description: String::new(),
            preset: None,
            ra_profile: None,
            profiles: BTreeMap::new(),
            require_contact: false,
            allowed_contact_domains: Vec::new(),
            require_terms_of_service: false,
            terms_of_service_url: None,
            website_url: None,
            caa_identities: Vec::new(),
            caa: None,
            former_base_urls: Vec::new(),
            terms_of_service_change: TermsOfServiceChange::default(),
            dns_resolver: None,
            dnssec: None,
            perspectives: None,
            retry_interval: one(),
            validity: ten_hours(),
            challenge_types: all_challenges(),
            allowed_networks: Vec::new(),
            allowed_identifiers: Vec::new(),
            denied_identifiers: Vec::new(),
            allow_wildcards: yes(),
            maximum_identifiers: one_hundred(),
            pre_approved: Vec::new(),
            external_account_required: false,
            existing_accounts: None,
            unused_accounts: None,
            allowed_origins: None,
            limits: Limits::default(),
            labels: BTreeMap::new(),
        }
    }

    /// Why the profile issues no certificates for the identifier; `None` when it does.
    pub fn name_refusal(&self, identifier: &Identifier) -> Option<NameRefusal> {
        if identifier.is_wildcard() && !self.allow_wildcards {
            return Some(NameRefusal::Wildcard);
        }
        if let Some(rule) = self.denied_identifiers.iter().find(|rule| rule.touches(identifier)) {
            return Some(NameRefusal::Denied(rule.clone()));
        }
        let is_allowed =
            self.allowed_identifiers.is_empty() || self.allowed_identifiers.iter().any(|rule| rule.allows(identifier));
        (!is_allowed).then_some(NameRefusal::NotAllowed)
    }

    /// The rule by which an authorization for the identifier is created valid. The caller must also
    /// check that the account has an external account binding whose scope covers the identifier.
    pub fn pre_approval(&self, identifier: &Identifier) -> Option<&PreApproval> {
        let approvals = if self.external_account_required { self.pre_approved.as_slice() } else { &[] };
        approvals.iter().find(|approval| approval.covers(identifier))
    }

    /// Whether anyone who reaches the CA may register: the directory is in service, and asks for no
    /// external account (RFC 8555 §7.3.4).
    pub fn is_open(&self) -> bool {
        self.enabled && !self.external_account_required
    }

    /// Whether CAA records can forbid a certificate.
    pub fn enforces_caa(&self) -> bool {
        self.caa == Some(Caa::Enforce)
    }

    /// Whether only answers count that a validating resolver gave.
    pub fn demands_dnssec(&self) -> bool {
        self.dnssec == Some(Dnssec::Resolver)
    }

    /// Whether nothing is validated unless enough remote perspectives agree.
    pub fn demands_perspectives(&self) -> bool {
        self.perspectives == Some(Perspectives::Enforce)
    }

    /// Whether the directory promises what browsers demand.
    pub fn is_public(&self) -> bool {
        self.preset == Some(Preset::Public)
    }

    /// What the directory leaves out of that promise, by the names of its members; empty where it
    /// promises nothing.
    pub fn departures(&self) -> Vec<&'static str> {
        let demanded = [
            ("caa", self.enforces_caa()),
            ("dnssec", self.demands_dnssec()),
            ("perspectives", self.demands_perspectives()),
        ];
        demanded.into_iter().filter(|(_, holds)| self.is_public() && !holds).map(|(name, _)| name).collect()
    }

    /// Whether accounts without an external account binding may not go on.
    pub fn refuses_unbound_accounts(&self) -> bool {
        self.external_account_required && self.existing_accounts == Some(ExistingAccounts::Refuse)
    }

    /// For how many seconds a new account without an external account is kept unless it orders;
    /// `None` is for ever.
    pub fn unused_account_lifetime(&self) -> Option<u32> {
        match self.unused_accounts {
            Some(0) => None,
            set => Some(set.unwrap_or(NINETY_DAYS)),
        }
    }

    /// Whether web pages of this origin may use the directory.
    pub fn allows_origin(&self, origin: &str) -> bool {
        match &self.allowed_origins {
            Some(allowed) => allowed.iter().any(|allowed| allowed == ANY_ORIGIN || allowed == origin),
            None => !self.guards_findings(),
        }
    }

    /// Whether anyone can have special-purpose networks probed: then clients do not learn what was
    /// read there.
    pub fn guards_findings(&self) -> bool {
        !self.external_account_required && !self.allowed_networks.is_empty()
    }

    /// Whether contacts may have an e-mail address in the domain.
    pub fn allows_contact_domain(&self, domain: &str) -> bool {
        self.allowed_contact_domains.is_empty()
            || self.allowed_contact_domains.iter().any(|allowed| labels::is_within(domain, allowed))
    }
}

/// Why a profile issues no certificates for an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameRefusal {
    /// No rule allows the identifier.
    #[error("no rule of the profile allows the name")]
    NotAllowed,
    /// A rule denies the identifier, or a name that the wildcard matches.
    #[error("the profile denies {0}")]
    Denied(IdentifierRule),
    /// The profile does not issue for wildcard names.
    #[error("the profile does not allow wildcards")]
    Wildcard,
}

/// Identifiers whose authorizations are created valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreApproval {
    /// The rule that covers the identifiers.
    pub rule: IdentifierRule,
    /// Whether wildcard names are included: those that the rule covers, and those directly below a
    /// covered name.
    #[serde(default)]
    pub wildcard: bool,
}

impl PreApproval {
    /// Whether the identifier is pre-approved.
    pub fn covers(&self, identifier: &Identifier) -> bool {
        if !identifier.is_wildcard() {
            return self.rule.allows(identifier);
        }
        self.wildcard && (self.rule.allows(identifier) || self.rule.allows(&identifier.base()))
    }
}

/// An RA Profile that a client may select.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OfferedProfile {
    /// The name of the RA Profile.
    pub ra_profile: ProfileName,
    /// The description in the directory: a sentence, or the URL of a page (profiles extension).
    pub description: String,
}

/// What changed terms of service require of existing accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TermsOfServiceChange {
    /// Existing accounts can go on without agreeing again.
    #[default]
    Disabled,
    /// New orders are refused until the account agrees to the terms at the present URL.
    Url,
}

/// What becomes of CAA records (RFC 8659).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Caa {
    /// No records are asked for.
    Off,
    /// A name is certified only if the records for it permit one of the profile's
    /// [`caa_identities`](AcmeProfile::caa_identities).
    Enforce,
}

/// Who validates the signatures of DNS (DNSSEC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Dnssec {
    /// Signatures are not looked at, and what a resolver says of them is not kept.
    Off,
    /// The profile's [`dns_resolver`](AcmeProfile::dns_resolver). Where it finds a broken chain of
    /// signatures, nothing is validated.
    Resolver,
}

/// Whether the CA looks from several networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Perspectives {
    /// From its own network only.
    Off,
    /// From those of the host's remote perspectives, too. Where they do not agree, nothing is
    /// validated.
    Enforce,
}

/// What becomes of accounts that were made before the directory required an external account
/// binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExistingAccounts {
    /// They go on.
    Keep,
    /// They get no new authorizations, orders and certificates until they are bound; what they have
    /// stays readable and can be revoked.
    Refuse,
}

/// The address of a DNS resolver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DnsResolver {
    /// The IP address of the resolver.
    pub address: IpAddr,
    /// The port for UDP and TCP.
    #[serde(default = "dns_port")]
    pub port: u16,
}

impl DnsResolver {
    /// The address and the port as a socket address.
    pub fn socket_address(self) -> SocketAddr {
        SocketAddr::new(self.address, self.port)
    }
}

/// In a list of origins, the sign for all of them.
pub(crate) const ANY_ORIGIN: &str = "*";

const NINETY_DAYS: u32 = 90 * 24 * 60 * 60;

fn yes() -> bool {
    true
}

fn one() -> u32 {
    1
}

fn ten_hours() -> u32 {
    36_000
}

fn one_hundred() -> u16 {
    100
}

fn dns_port() -> u16 {
    53
}

fn all_challenges() -> Vec<ChallengeType> {
    ChallengeType::ALL.to_vec()
}

#[cfg(test)]
mod tests {
    use acme::IdentifierObject;
    use serde_json::json;

    use super::*;

    fn profile(fields: serde_json::Value) -> AcmeProfile {
        let mut document = json!({ "name": "web" });
        document.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        serde_json::from_value(document).unwrap()
    }

    fn dns(value: &str) -> Identifier {
        IdentifierObject { r#type: "dns".to_owned(), value: value.to_owned() }.try_into().unwrap()
    }

    #[test]
    fn p1_the_documented_defaults_are_those_of_an_empty_document() {
        assert_eq!(profile(json!({})), AcmeProfile::new("web".parse().unwrap()));
    }

    #[test]
    fn a_preset_fills_in_what_a_document_leaves_out_and_nothing_else() {
        let public = profile(json!({ "preset": "public" }));
        assert!(public.enforces_caa() && public.demands_dnssec() && public.demands_perspectives());
        assert_eq!(public.departures(), [""; 0]);
        let own = profile(json!({ "preset": "public", "caa": "off", "perspectives": "off", "dnssec": "off" }));
        assert_eq!(own.departures(), ["caa", "dnssec", "perspectives"]);
        assert_eq!(
            own,
            AcmeProfile {
                preset: Some(Preset::Public),
                ..profile(json!({
                    "caa": "off", "perspectives": "off", "dnssec": "off",
                }))
            }
        );
        for preset in ["private", "short-lived"] {
            let filled = profile(json!({ "preset": preset }));
            assert_eq!(AcmeProfile { preset: None, ..filled.clone() }, profile(json!({})));
            assert_eq!(filled.departures(), [""; 0]);
        }
        // What was filled in stays when the profile is written and read again.
        let again: AcmeProfile = serde_json::from_value(serde_json::to_value(&public).unwrap()).unwrap();
        assert_eq!(again, public);
    }

    #[test]
    fn what_is_denied_is_refused_although_it_is_allowed() {
        let profile = profile(json!({
            "allowedIdentifiers": [".example.com"], "deniedIdentifiers": ["a.b.example.com", ".secret.example.com"],
        }));
        for name in ["b.example.com", "*.a.example.com", "secret.example.com"] {
            assert_eq!(profile.name_refusal(&dns(name)), None, "{name}");
        }
        for name in ["a.b.example.com", "*.b.example.com", "x.secret.example.com", "*.secret.example.com"] {
            assert!(matches!(profile.name_refusal(&dns(name)), Some(NameRefusal::Denied(_))), "{name}");
        }
        assert_eq!(profile.name_refusal(&dns("example.org")), Some(NameRefusal::NotAllowed));
    }

    #[test]
    fn wildcards_can_be_turned_off() {
        let profile = profile(json!({ "allowWildcards": false }));
        assert_eq!(profile.name_refusal(&dns("*.example.com")), Some(NameRefusal::Wildcard));
        assert!(profile.name_refusal(&dns("www.example.com")).is_none());
    }

    #[test]
    fn p8_a_pre_approval_covers_wildcards_only_where_it_says_so() {
        let approval = |rule: &str, wildcard| PreApproval { rule: rule.parse().unwrap(), wildcard };
        assert!(approval("a.example.com", false).covers(&dns("a.example.com")));
        assert!(!approval("a.example.com", false).covers(&dns("*.a.example.com")));
        assert!(approval("a.example.com", true).covers(&dns("*.a.example.com")));
        assert!(approval(".example.com", false).covers(&dns("a.b.example.com")));
        assert!(!approval(".example.com", false).covers(&dns("*.example.com")));
        assert!(approval(".example.com", true).covers(&dns("*.example.com")));
        assert!(approval(".example.com", true).covers(&dns("*.a.example.com")));
        assert!(!approval(".example.com", true).covers(&dns("example.com")));
        assert!(!approval("example.com", true).covers(&dns("*.a.example.com")));
    }

    #[test]
    fn p8_without_external_accounts_nothing_is_pre_approved() {
        let approvals = json!([{ "rule": ".example.com" }]);
        let open = profile(json!({ "preApproved": approvals }));
        assert_eq!(open.pre_approval(&dns("a.example.com")), None);
        let bound = profile(json!({ "preApproved": approvals, "externalAccountRequired": true }));
        assert_eq!(bound.pre_approval(&dns("a.example.com")), bound.pre_approved.first());
    }

    #[test]
    fn pages_of_other_origins_are_let_in_by_name_or_where_they_can_probe_nothing() {
        let page = "https://page.example";
        for (fields, is_allowed) in [
            (json!({}), true),
            (json!({ "allowedNetworks": ["10.0.0.0/8"] }), false),
            (json!({ "allowedNetworks": ["10.0.0.0/8"], "externalAccountRequired": true }), true),
            (json!({ "allowedNetworks": ["10.0.0.0/8"], "allowedOrigins": ["*"] }), true),
            (json!({ "allowedOrigins": ["https://other.example", page] }), true),
            (json!({ "allowedOrigins": ["https://page.example:8443"] }), false),
            (json!({ "allowedOrigins": [] }), false),
        ] {
            assert_eq!(profile(fields.clone()).allows_origin(page), is_allowed, "{fields}");
        }
    }

    #[test]
    fn the_domain_of_a_contact_lies_in_one_that_is_allowed() {
        let profile = profile(json!({ "allowedContactDomains": ["Example.com"] }));
        for (domain, is_allowed) in
            [("example.com", true), ("mail.EXAMPLE.com", true), ("badexample.com", false), ("example.com.test", false)]
        {
            assert_eq!(profile.allows_contact_domain(domain), is_allowed, "{domain}");
        }
    }
}
