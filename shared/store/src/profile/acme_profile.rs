//! ACME Profiles: how a directory treats its clients.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use acme::{ChallengeType, Identifier, ProfileName};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{IdentifierRule, Limits};

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
    /// Further RA Profiles that a client may choose, by the names that the directory shows for them
    /// (the profiles extension).
    #[serde(default)]
    pub profiles: BTreeMap<String, OfferedProfile>,
    /// Whether an account must name a contact.
    #[serde(default)]
    pub require_contact: bool,
    /// The domains, or domains above them, that the addresses of contacts lie in; all when empty.
    #[serde(default)]
    pub allowed_contact_domains: Vec<String>,
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
    /// Which names are issued for; all names when there is no rule.
    #[serde(default)]
    pub allowed_identifiers: Vec<IdentifierRule>,
    /// Which of them are not.
    #[serde(default)]
    pub denied_identifiers: Vec<IdentifierRule>,
    /// Whether wildcards are issued for.
    #[serde(default = "yes")]
    pub allow_wildcards: bool,
    /// How many names an order may have, 1–100.
    #[serde(default = "one_hundred")]
    pub maximum_identifiers: u16,
    /// Names whose authorizations are born valid. Only for accounts that are bound to one elsewhere.
    #[serde(default)]
    pub pre_approved: Vec<PreApproval>,
    /// Whether a new account must be bound to one elsewhere (RFC 8555 §7.3.4).
    #[serde(default)]
    pub external_account_required: bool,
    /// How much of what may happen.
    #[serde(default)]
    pub limits: Limits,
    /// For people and their tools.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

impl AcmeProfile {
    /// A profile with every default, which issues nothing before it has an RA Profile.
    pub fn new(name: ProfileName) -> Self {
        Self {
            name,
            enabled: yes(),
            description: String::new(),
            ra_profile: None,
            profiles: BTreeMap::new(),
            require_contact: false,
            allowed_contact_domains: Vec::new(),
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
            allowed_identifiers: Vec::new(),
            denied_identifiers: Vec::new(),
            allow_wildcards: yes(),
            maximum_identifiers: one_hundred(),
            pre_approved: Vec::new(),
            external_account_required: false,
            limits: Limits::default(),
            labels: BTreeMap::new(),
        }
    }

    /// Whether the profile's rules allow certificates for the name.
    pub fn allows(&self, identifier: &Identifier) -> bool {
        self.name_refusal(identifier).is_none()
    }

    /// Why there are no certificates for the name; `None` when there are.
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

    /// By what an authorization for the name is born valid, as far as the profile goes: the account
    /// must be bound to one elsewhere, and the name lie within the scope of that binding.
    pub fn pre_approval(&self, identifier: &Identifier) -> Option<&PreApproval> {
        let approvals = if self.external_account_required { self.pre_approved.as_slice() } else { &[] };
        approvals.iter().find(|approval| approval.covers(identifier))
    }

    /// Whether a contact may have an address in the domain.
    pub fn allows_contact_domain(&self, domain: &str) -> bool {
        let domain = domain.to_ascii_lowercase();
        self.allowed_contact_domains.is_empty()
            || self.allowed_contact_domains.iter().any(|allowed| {
                let allowed = allowed.to_ascii_lowercase();
                domain.strip_suffix(&allowed).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            })
    }
}

/// Why there are no certificates for a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameRefusal {
    /// No rule allows it.
    #[error("no rule of the profile allows the name")]
    NotAllowed,
    /// A rule denies it, or a name that it stands for.
    #[error("the profile denies {0}")]
    Denied(IdentifierRule),
    /// The profile has no wildcards.
    #[error("the profile issues for no wildcards")]
    Wildcard,
}

/// Names whose authorizations are born valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreApproval {
    /// Which names.
    pub rule: IdentifierRule,
    /// Also the wildcards among them, and below a name that is one of them.
    #[serde(default)]
    pub wildcard: bool,
}

impl PreApproval {
    /// Whether the name is one of them.
    pub fn covers(&self, identifier: &Identifier) -> bool {
        if !identifier.is_wildcard() {
            return self.rule.allows(identifier);
        }
        self.wildcard && (self.rule.allows(identifier) || self.rule.allows(&identifier.base()))
    }
}

/// An RA Profile that a client may choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OfferedProfile {
    /// Which one.
    pub ra_profile: ProfileName,
    /// What the directory says of it: a sentence, or the URL of a page.
    pub description: String,
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
        assert!(profile.allows(&dns("www.example.com")));
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
    fn the_domain_of_a_contact_lies_in_one_that_is_allowed() {
        let profile = profile(json!({ "allowedContactDomains": ["Example.com"] }));
        for (domain, is_allowed) in
            [("example.com", true), ("mail.EXAMPLE.com", true), ("badexample.com", false), ("example.com.test", false)]
        {
            assert_eq!(profile.allows_contact_domain(domain), is_allowed, "{domain}");
        }
    }
}
