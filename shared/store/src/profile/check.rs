//! Checks of profiles whose fields are each well-formed but contradict each other or a limit. All
//! faults are reported at once, each with the path of its field and the allowed values.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use acme::{DnsName, ProfileName, UrlBase, UrlScheme};
use serde::{Deserialize, Serialize};

use super::acme_profile::ANY_ORIGIN;
use crate::{AcmeProfile, IdentifierRule, IssuerId, IssuerState, Limit, PreApproval, ProfileSet, RaProfile};

impl ProfileSet {
    /// Checks the set as a whole: no profile contradicts itself, and every reference leads to a
    /// profile in the set or to one of `issuers`, the issuers with the role of signing
    /// certificates. The issuer of an RA Profile must be active; profiles in `stored` may keep an
    /// issuer that has been retired in the meantime.
    ///
    /// # Errors
    /// [`InvalidProfiles`] with every fault.
    pub fn check(&self, issuers: &BTreeMap<IssuerId, IssuerState>, stored: &ProfileSet) -> Result<(), InvalidProfiles> {
        let kept: BTreeMap<_, _> = stored.ra_profile.iter().map(|profile| (&profile.name, &profile.issuer)).collect();
        let acme: BTreeSet<_> = self.acme_profile.iter().map(|profile| &profile.name).collect();
        let ra: BTreeSet<_> = self.ra_profile.iter().map(|profile| &profile.name).collect();
        let mut faults = Vec::new();
        let mut seen = BTreeSet::new();
        for (index, profile) in self.acme_profile.iter().enumerate() {
            let mut found = Found::in_profile(&mut faults, ProfileKind::Acme, index, &profile.name);
            found.unless(seen.insert(&profile.name), "name", ProfileRefusal::Second);
            check_acme_profile(profile, &ra, &mut found);
        }
        seen.clear();
        for (index, profile) in self.ra_profile.iter().enumerate() {
            let mut found = Found::in_profile(&mut faults, ProfileKind::Ra, index, &profile.name);
            found.unless(seen.insert(&profile.name), "name", ProfileRefusal::Second);
            check_ra_profile(profile, &acme, &mut found);
            if kept.get(&profile.name) != Some(&&profile.issuer) || !issuers.contains_key(&profile.issuer) {
                check_issuer(&profile.issuer, issuers, &mut found);
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(InvalidProfiles { faults }) }
    }
}

/// A refused set of profiles, with every fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidProfiles {
    /// The faults; at least one.
    pub faults: Vec<ProfileFault>,
}

impl fmt::Display for InvalidProfiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: Vec<String> = self.faults.iter().map(ProfileFault::to_string).collect();
        f.write_str(&faults.join("; "))
    }
}

impl std::error::Error for InvalidProfiles {}

/// A refused field of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileFault {
    /// The list of the document that contains the profile.
    pub kind: ProfileKind,
    /// The index of the profile in that list, from 0.
    pub index: usize,
    /// The name of the profile.
    pub profile: ProfileName,
    /// The field. A field of a nested table has a dot: `certificateValidity.default`.
    pub field: String,
    /// Why the field is refused, and what is allowed.
    pub reason: ProfileRefusal,
}

impl ProfileFault {
    /// The path of the field, with the name of the profile: `acmeProfile.web.raProfile`.
    pub fn path(&self) -> String {
        format!("{}.{}.{}", self.kind.table(), self.profile, self.field)
    }
}

impl fmt::Display for ProfileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path(), self.reason)
    }
}

/// The kinds of profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProfileKind {
    /// The list `acmeProfile`.
    #[serde(rename = "acmeProfile")]
    Acme,
    /// The list `raProfile`.
    #[serde(rename = "raProfile")]
    Ra,
}

impl ProfileKind {
    /// The name of the list in a document.
    pub fn table(self) -> &'static str {
        match self {
            Self::Acme => "acmeProfile",
            Self::Ra => "raProfile",
        }
    }
}

impl fmt::Display for ProfileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Acme => "ACME Profile",
            Self::Ra => "RA Profile",
        })
    }
}

/// Why a field is refused, and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileRefusal {
    /// The default is above the maximum.
    #[error("must not be more than the maximum, {0}")]
    AboveMaximum(u32),
    /// An empty list would make the profile unusable.
    #[error("needs at least one of {0}")]
    Empty(&'static str),
    /// Only accounts with an external account binding are pre-approved, and none is required here.
    #[error("needs externalAccountRequired = true: only accounts that are bound to one elsewhere are pre-approved")]
    NoExternalAccounts,
    /// No CAA record could name the CA.
    #[error("needs caaIdentities: the names by which CAA records permit this CA to issue")]
    NoIdentities,
    /// The resolvers of a machine may be several, and one that does not validate would answer for
    /// one that does.
    #[error("needs dnsResolver: the address of the resolver that validates for this CA")]
    NoValidatingResolver,
    /// Perspectives are asked when a challenge is met, and pre-approved names have none.
    #[error(
        "cannot be enforced beside preApproved: perspectives are asked with a challenge, and those names have none"
    )]
    UnseenNames,
    /// CAA records are looked up when a challenge is met, and pre-approved names have none.
    #[error(
        "cannot be enforced beside preApproved: CAA records are checked with a challenge, and those names have none"
    )]
    UncheckedNames,
    /// Not the base of URLs.
    #[error("`{0}` is no base URL; it should be one such as https://ca.example.com")]
    NotABaseUrl(String),
    /// The issuer is retired, or has no certificate yet.
    #[error("issuer `{0}` is {1} and does not issue; the active ones: {2}")]
    IssuerOff(IssuerId, IssuerState, Names),
    /// There is no issuer with that name and the role of signing certificates.
    #[error("there is no issuer `{0}` for certificates, only {1}")]
    NoIssuer(IssuerId, Names),
    /// There is no profile of the kind with that name.
    #[error("there is no {0} `{1}`, only {2}")]
    NoProfile(ProfileKind, ProfileName, Names),
    /// Agreement is required, but the terms have no URL.
    #[error("needs a termsOfServiceUrl: terms without a URL cannot be agreed to")]
    NoTerms,
    /// The text is not a DNS name.
    #[error("`{}` is not a DNS name", .0.escape_debug())]
    NotADnsName(String),
    /// The text is not the origin of web pages.
    #[error("`{}` is no origin: one is like https://ca.example, in lower case and without a path, or *", .0.escape_debug())]
    NotAnOrigin(String),
    /// The text is not a name for the profiles extension.
    #[error("`{}` is not a valid name: it needs 1 to 64 of the characters A-Z a-z 0-9 - _ .", .0.escape_debug())]
    NotAName(String),
    /// The text is not the URL of a web page.
    #[error("expected the URL of a web page, such as https://ca.example/terms")]
    NotAWebPage,
    /// The number is outside the allowed range.
    #[error("must be from {0} to {1}")]
    OutOfBounds(u32, u32),
    /// A value is listed twice.
    #[error("names a type twice")]
    Repeated,
    /// Another profile of the document has the same name.
    #[error("this is the second profile of that name")]
    Second,
    /// The text is too long; the limit is in characters.
    #[error("must have at most {0} characters")]
    TooLong(usize),
    /// The rule only covers a wildcard name, but wildcards are not pre-approved.
    #[error("pre-approves nothing: a rule for a wildcard needs wildcard = true")]
    WildcardRule,
    /// A duration is zero.
    #[error("must be 1 or more (seconds)")]
    ZeroSeconds,
}

/// A list of existing names, for error messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(Vec<String>);

impl Names {
    fn of<T: fmt::Display>(names: impl IntoIterator<Item = T>) -> Self {
        Self(names.into_iter().map(|name| format!("`{name}`")).collect())
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.get(..MAX_SHOWN).unwrap_or(&self.0);
        match self.0.len() - shown.len() {
            _ if shown.is_empty() => f.write_str("there is none at all"),
            0 => f.write_str(&shown.join(", ")),
            others => write!(f, "{} and {others} others", shown.join(", ")),
        }
    }
}

/// The faults of one profile.
struct Found<'a> {
    faults: &'a mut Vec<ProfileFault>,
    kind: ProfileKind,
    index: usize,
    profile: &'a ProfileName,
}

impl<'a> Found<'a> {
    fn in_profile(
        faults: &'a mut Vec<ProfileFault>,
        kind: ProfileKind,
        index: usize,
        profile: &'a ProfileName,
    ) -> Self {
        Self { faults, kind, index, profile }
    }

    fn unless(&mut self, holds: bool, field: impl Into<String>, reason: ProfileRefusal) {
        if !holds {
            let Self { kind, index, profile, .. } = *self;
            self.faults.push(ProfileFault { kind, index, profile: profile.clone(), field: field.into(), reason });
        }
    }

    fn unless_known(&mut self, known: &BTreeSet<&ProfileName>, kind: ProfileKind, name: &ProfileName, field: String) {
        if !known.contains(name) {
            self.unless(false, field, ProfileRefusal::NoProfile(kind, name.clone(), Names::of(known)));
        }
    }
}

fn check_acme_profile(profile: &AcmeProfile, ra: &BTreeSet<&ProfileName>, found: &mut Found<'_>) {
    if let Some(name) = &profile.ra_profile {
        found.unless_known(ra, ProfileKind::Ra, name, "raProfile".to_owned());
    }
    for (name, offered) in &profile.profiles {
        let field = format!("profiles.{name}");
        found.unless(is_offerable(name), field.as_str(), ProfileRefusal::NotAName(name.clone()));
        found.unless_known(ra, ProfileKind::Ra, &offered.ra_profile, format!("{field}.raProfile"));
        let fits = (1..=MAX_TEXT).contains(&offered.description.len());
        found.unless(fits, format!("{field}.description"), ProfileRefusal::TooLong(MAX_TEXT));
    }
    found.unless(profile.validity > 0, "validity", ProfileRefusal::ZeroSeconds);
    found.unless(profile.retry_interval > 0, "retryInterval", ProfileRefusal::ZeroSeconds);
    let types: BTreeSet<_> = profile.challenge_types.iter().map(|kind| kind.as_str()).collect();
    found.unless(!types.is_empty(), "challengeTypes", ProfileRefusal::Empty("http-01, dns-01, tls-alpn-01"));
    found.unless(types.len() == profile.challenge_types.len(), "challengeTypes", ProfileRefusal::Repeated);
    for (field, url) in [("termsOfServiceUrl", &profile.terms_of_service_url), ("websiteUrl", &profile.website_url)] {
        found.unless(url.as_ref().is_none_or(|url| is_web_page(url)), field, ProfileRefusal::NotAWebPage);
    }
    let has_terms = !profile.require_terms_of_service || profile.terms_of_service_url.is_some();
    found.unless(has_terms, "requireTermsOfService", ProfileRefusal::NoTerms);
    let domains =
        [("caaIdentities", &profile.caa_identities), ("allowedContactDomains", &profile.allowed_contact_domains)];
    for (field, domains) in domains {
        for domain in domains {
            found.unless(domain.parse::<DnsName>().is_ok(), field, ProfileRefusal::NotADnsName(domain.clone()));
        }
    }
    let has_names = !profile.enforces_caa() || !profile.caa_identities.is_empty();
    found.unless(has_names, "caa", ProfileRefusal::NoIdentities);
    let is_checked = !profile.enforces_caa() || profile.pre_approved.is_empty();
    found.unless(is_checked, "caa", ProfileRefusal::UncheckedNames);
    let is_seen = !profile.demands_perspectives() || profile.pre_approved.is_empty();
    found.unless(is_seen, "perspectives", ProfileRefusal::UnseenNames);
    let has_resolver = !profile.demands_dnssec() || profile.dns_resolver.is_some();
    found.unless(has_resolver, "dnssec", ProfileRefusal::NoValidatingResolver);
    for base in &profile.former_base_urls {
        let is_base = UrlBase::parse(base, UrlScheme::Https).is_ok();
        found.unless(is_base, "formerBaseUrls", ProfileRefusal::NotABaseUrl(base.clone()));
    }
    for origin in profile.allowed_origins.iter().flatten() {
        found.unless(is_origin(origin), "allowedOrigins", ProfileRefusal::NotAnOrigin(origin.clone()));
    }
    let most = profile.maximum_identifiers;
    found.unless((1..=100).contains(&most), "maximumIdentifiers", ProfileRefusal::OutOfBounds(1, 100));
    let can_be = profile.pre_approved.is_empty() || profile.external_account_required;
    found.unless(can_be, "preApproved", ProfileRefusal::NoExternalAccounts);
    let is_void = |PreApproval { rule, wildcard }: &PreApproval| {
        !wildcard && matches!(rule, IdentifierRule::Exactly(name) if name.is_wildcard())
    };
    found.unless(!profile.pre_approved.iter().any(is_void), "preApproved", ProfileRefusal::WildcardRule);
    for (name, Limit { maximum, window }) in profile.limits.set() {
        found.unless(maximum > 0, format!("limits.{name}.maximum"), ProfileRefusal::OutOfBounds(1, u32::MAX));
        let fits = (1..=YEAR).contains(&window);
        found.unless(fits, format!("limits.{name}.window"), ProfileRefusal::OutOfBounds(1, YEAR));
    }
    for (name, label) in &profile.labels {
        found.unless(label.len() <= MAX_TEXT, format!("labels.{name}"), ProfileRefusal::TooLong(MAX_TEXT));
    }
}

fn check_issuer(issuer: &IssuerId, issuers: &BTreeMap<IssuerId, IssuerState>, found: &mut Found<'_>) {
    let active = issuers.iter().filter(|(_, state)| **state == IssuerState::Active).map(|(id, _)| id);
    match issuers.get(issuer) {
        Some(IssuerState::Active) => {}
        Some(off) => {
            found.unless(false, "issuer", ProfileRefusal::IssuerOff(issuer.clone(), *off, Names::of(active)));
        }
        None => found.unless(false, "issuer", ProfileRefusal::NoIssuer(issuer.clone(), Names::of(active))),
    }
}

fn check_ra_profile(profile: &RaProfile, acme: &BTreeSet<&ProfileName>, found: &mut Found<'_>) {
    if let Some(name) = &profile.acme_profile {
        found.unless_known(acme, ProfileKind::Acme, name, "acmeProfile".to_owned());
    }
    let validity = profile.certificate_validity;
    found.unless(validity.default > 0, "certificateValidity.default", ProfileRefusal::ZeroSeconds);
    found.unless(validity.maximum > 0, "certificateValidity.maximum", ProfileRefusal::ZeroSeconds);
    let above = ProfileRefusal::AboveMaximum(validity.maximum);
    found.unless(validity.default <= validity.maximum, "certificateValidity.default", above);
    let key_types = ProfileRefusal::Empty("P-256, P-384, P-521, RSA, Ed25519");
    found.unless(!profile.key_types.is_empty(), "keyTypes", key_types);
    found.unless(!profile.extended_key_usage.is_empty(), "extendedKeyUsage", ProfileRefusal::Empty("server, client"));
}

/// Whether the text is an origin as browsers write it (scheme, host in lower case, perhaps a port),
/// or `*`.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or(text.strip_prefix("http://")).unwrap_or_default();
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    text == ANY_ORIGIN || (!host.is_empty() && host.bytes().all(fits))
}

/// Whether the text can be a member name in a directory object and a value in an order.
fn is_offerable(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=64).contains(&name.len()) && name.bytes().all(fits)
}

/// Whether the text is the URL of a web page and can be used in a directory object and in a `Link`
/// header.
pub fn is_web_page(url: &str) -> bool {
    let rest = ["https://", "http://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`');
    !host.is_empty() && url.len() <= MAX_URL && url.bytes().all(fits)
}

/// A leap year in seconds.
const YEAR: u32 = 366 * 24 * 60 * 60;
const MAX_SHOWN: usize = 20;
const MAX_TEXT: usize = 512;
const MAX_URL: usize = 2048;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The faults of a profile `web` with these fields, beside a good RA Profile `ra`.
    fn acme_faults(fields: Value) -> Vec<String> {
        let mut profile = json!({ "name": "web" });
        profile.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        faults(json!({ "acmeProfile": [profile], "raProfile": [{ "name": "ra", "issuer": "issuing" }] }))
    }

    fn ra_faults(fields: Value) -> Vec<String> {
        let mut profile = json!({ "name": "web", "issuer": "issuing" });
        profile.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        faults(json!({ "raProfile": [profile], "acmeProfile": [{ "name": "acme" }] }))
    }

    fn faults(document: Value) -> Vec<String> {
        let set: ProfileSet = serde_json::from_value(document).unwrap();
        let found =
            set.check(&issuers(), &ProfileSet::default()).err().map(|invalid| invalid.faults).unwrap_or_default();
        found.iter().map(ProfileFault::to_string).collect()
    }

    #[test]
    fn a_contradiction_is_reported_with_the_path_of_its_field() {
        let limit = |maximum: u32, window: u32| json!({ "newOrders": { "maximum": maximum, "window": window } });
        for (fields, expected) in [
            (json!({ "raProfile": "wbe" }), "acmeProfile.web.raProfile: there is no RA Profile `wbe`, only `ra`"),
            (
                json!({ "profiles": { "short": { "raProfile": "wbe", "description": "Short." } } }),
                "acmeProfile.web.profiles.short.raProfile: there is no RA Profile `wbe`, only `ra`",
            ),
            (
                json!({ "profiles": { "a b": { "raProfile": "ra", "description": "Short." } } }),
                "acmeProfile.web.profiles.a b: `a b` is not a valid name",
            ),
            (
                json!({ "profiles": { "short": { "raProfile": "ra", "description": "" } } }),
                "acmeProfile.web.profiles.short.description: must have",
            ),
            (json!({ "validity": 0 }), "acmeProfile.web.validity: must be 1 or more"),
            (json!({ "retryInterval": 0 }), "acmeProfile.web.retryInterval: must be 1 or more"),
            (json!({ "challengeTypes": [] }), "acmeProfile.web.challengeTypes: needs at least one"),
            (json!({ "challengeTypes": ["dns-01", "dns-01"] }), "acmeProfile.web.challengeTypes: names a type twice"),
            (json!({ "websiteUrl": "ca.example" }), "acmeProfile.web.websiteUrl: expected the URL"),
            (json!({ "termsOfServiceUrl": "https://ca.example/\"" }), "acmeProfile.web.termsOfServiceUrl: expected"),
            (json!({ "requireTermsOfService": true }), "acmeProfile.web.requireTermsOfService: needs a terms"),
            (json!({ "caaIdentities": ["a b"] }), "acmeProfile.web.caaIdentities: `a b` is not a DNS name"),
            (json!({ "caa": "enforce" }), "acmeProfile.web.caa: needs caaIdentities"),
            (json!({ "dnssec": "resolver" }), "acmeProfile.web.dnssec: needs dnsResolver"),
            (
                json!({ "preset": "public", "dnsResolver": { "address": "192.0.2.53" } }),
                "acmeProfile.web.caa: needs caaIdentities",
            ),
            (
                json!({ "preset": "public", "caaIdentities": ["ca.example"] }),
                "acmeProfile.web.dnssec: needs dnsResolver",
            ),
            (
                json!({ "perspectives": "enforce", "externalAccountRequired": true,
                        "preApproved": [{ "rule": "a.example" }] }),
                "acmeProfile.web.perspectives: cannot be enforced beside preApproved",
            ),
            (
                json!({ "caa": "enforce", "caaIdentities": ["ca.example"], "externalAccountRequired": true,
                        "preApproved": [{ "rule": "a.example" }] }),
                "acmeProfile.web.caa: cannot be enforced beside preApproved",
            ),
            (
                json!({ "formerBaseUrls": ["ca.example"] }),
                "acmeProfile.web.formerBaseUrls: `ca.example` is no base URL",
            ),
            (
                json!({ "allowedOrigins": ["https://a.example/"] }),
                "acmeProfile.web.allowedOrigins: `https://a.example/` is no origin",
            ),
            (json!({ "allowedOrigins": ["a.example"] }), "acmeProfile.web.allowedOrigins: `a.example` is no origin"),
            (json!({ "allowedContactDomains": ["@a"] }), "acmeProfile.web.allowedContactDomains: `@a` is not"),
            (json!({ "maximumIdentifiers": 0 }), "acmeProfile.web.maximumIdentifiers: must be from 1 to 100"),
            (json!({ "maximumIdentifiers": 101 }), "acmeProfile.web.maximumIdentifiers: must be from 1 to 100"),
            (
                json!({ "preApproved": [{ "rule": ".example.com" }] }),
                "acmeProfile.web.preApproved: needs externalAccountRequired = true",
            ),
            (
                json!({ "preApproved": [{ "rule": "*.example.com" }], "externalAccountRequired": true }),
                "acmeProfile.web.preApproved: pre-approves nothing",
            ),
            (json!({ "limits": limit(0, 60) }), "acmeProfile.web.limits.newOrders.maximum: must be from 1 to"),
            (json!({ "limits": limit(1, 0) }), "acmeProfile.web.limits.newOrders.window: must be from 1 to 31622400"),
        ] {
            let found = acme_faults(fields.clone());
            assert!(found.len() == 1 && found[0].starts_with(expected), "{fields}: {found:?}");
        }
        for (fields, expected) in [
            (
                json!({ "issuer": "root" }),
                "raProfile.web.issuer: there is no issuer `root` for certificates, only `issuing`",
            ),
            (json!({ "acmeProfile": "wbe" }), "raProfile.web.acmeProfile: there is no ACME Profile `wbe`, only `acme`"),
            (json!({ "keyTypes": [] }), "raProfile.web.keyTypes: needs at least one of P-256"),
            (json!({ "extendedKeyUsage": [] }), "raProfile.web.extendedKeyUsage: needs at least one of server"),
            (
                json!({ "certificateValidity": { "default": 2, "maximum": 1 } }),
                "raProfile.web.certificateValidity.default: must not be more than the maximum, 1",
            ),
            (
                json!({ "certificateValidity": { "default": 0, "maximum": 1 } }),
                "raProfile.web.certificateValidity.default: must be 1 or more",
            ),
        ] {
            let found = ra_faults(fields.clone());
            assert!(found.len() == 1 && found[0].starts_with(expected), "{fields}: {found:?}");
        }
    }

    fn issuers() -> BTreeMap<IssuerId, IssuerState> {
        let states =
            [("issuing", IssuerState::Active), ("old", IssuerState::Retired), ("next", IssuerState::Requested)];
        states.map(|(id, state)| (id.parse().unwrap(), state)).into()
    }

    #[test]
    fn an_issuer_that_issues_nothing_is_kept_where_it_is_named_and_named_nowhere_else() {
        for (issuer, expected) in [
            ("old", "raProfile.web.issuer: issuer `old` is retired and does not issue; the active ones: `issuing`"),
            ("next", "raProfile.web.issuer: issuer `next` is requested and does not issue; the active ones: `issuing`"),
            ("none", "raProfile.web.issuer: there is no issuer `none` for certificates, only `issuing`"),
        ] {
            assert_eq!(ra_faults(json!({ "issuer": issuer })), [expected]);
        }
        let named = json!({ "raProfile": [{ "name": "web", "issuer": "old" }] });
        let stored: ProfileSet = serde_json::from_value(named).unwrap();
        let mut wanted = stored.clone();
        wanted.ra_profile[0].enabled = false;
        assert_eq!(wanted.check(&issuers(), &stored), Ok(()));
        wanted.ra_profile[0].issuer = "next".parse().unwrap();
        assert!(wanted.check(&issuers(), &stored).is_err());
    }

    #[test]
    fn all_faults_are_reported_at_once() {
        let found = acme_faults(json!({ "validity": 0, "raProfile": "wbe", "maximumIdentifiers": 0 }));
        assert_eq!(found.len(), 3, "{found:?}");
        let twice = json!({ "name": "web" });
        let found = faults(json!({ "acmeProfile": [twice, twice] }));
        assert_eq!(found, ["acmeProfile.web.name: this is the second profile of that name"]);
    }

    #[test]
    fn profiles_that_use_every_field_pass() {
        let acme = json!({
            "raProfile": "ra", "preset": "private",
            "profiles": { "short-lived.v1": { "raProfile": "ra", "description": "https://ca.example/profiles#short" } },
            "requireTermsOfService": true, "termsOfServiceUrl": "https://ca.example/terms?v=2",
            "websiteUrl": "http://ca.example", "caaIdentities": ["ca.example"], "allowedContactDomains": ["example.com"],
            "deniedIdentifiers": ["10.0.0.0/8"], "allowWildcards": false, "maximumIdentifiers": 10,
            "externalAccountRequired": true, "preApproved": [{ "rule": ".example.com", "wildcard": true }],
            "allowedOrigins": ["https://page.example:8443", "http://[::1]", "*"],
            "dnsResolver": { "address": "192.0.2.53" }, "dnssec": "resolver", "perspectives": "off",
            "caa": "off", "formerBaseUrls": ["https://old.example:8443/ca"],
            "limits": { "newOrders": { "maximum": 10, "window": 3600 } }, "labels": { "team": "web" },
        });
        assert_eq!(acme_faults(acme), [""; 0]);
        assert_eq!(
            ra_faults(json!({ "acmeProfile": "acme", "preset": "short-lived", "extensions": "fewest" })),
            [""; 0]
        );
    }

    #[test]
    fn a_field_that_is_unknown_and_a_rule_that_is_none_are_refused_when_read() {
        for document in [
            json!({ "acmeProfiles": [] }),
            json!({ "acmeProfile": [{ "name": "web", "limits": { "newOrder": { "maximum": 1, "window": 1 } } }] }),
            json!({ "acmeProfile": [{ "name": "web", "deniedIdentifiers": ["10.0.0.0/33"] }] }),
            json!({ "acmeProfile": [{ "name": "raProfile" }] }),
        ] {
            assert!(serde_json::from_value::<ProfileSet>(document.clone()).is_err(), "{document}");
        }
    }
}
