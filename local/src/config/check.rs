//! What a file must not say although each word of it is right.

use std::{collections::BTreeSet, fmt};

use acme::{DnsName, ProfileName};
use ca::AuthorityName;
use http::{Uri, uri::Scheme};
use store::{AcmeProfile, RaProfile};

use super::{CaConfig, DEFAULT, ISSUING, file::File};

/// What is wrong, and with which field.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) place: Place,
    pub(super) reason: String,
}

/// A field of the file.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) table: &'static str,
    /// For a profile, which of its kind: its index and its name.
    pub(super) profile: Option<(usize, ProfileName)>,
    pub(super) field: &'static str,
}

impl fmt::Display for Place {
    /// The path of the field, a profile by its name: `acmeProfile.web.raProfile`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, profile, field } = self;
        match profile {
            Some((_, name)) => write!(f, "{table}.{name}.{field}"),
            None => write!(f, "{table}.{field}"),
        }
    }
}

/// Checks the file as a whole.
pub(super) fn check(file: &File) -> Result<(), Fault> {
    check_ca(&file.ca)
        .map_err(|Wrong(field, reason)| Fault { place: Place { table: "ca", profile: None, field }, reason })?;
    let acme_names = names(file.acme_profile.iter().map(|profile| &profile.name));
    let ra_names = names(file.ra_profile.iter().map(|profile| &profile.name));
    for (index, profile) in file.acme_profile.iter().enumerate() {
        let earlier = file.acme_profile.iter().take(index).any(|earlier| earlier.name == profile.name);
        unique(earlier).and_then(|()| check_acme_profile(profile, &ra_names)).map_err(|Wrong(field, reason)| {
            Fault { place: Place { table: "acmeProfile", profile: Some((index, profile.name.clone())), field }, reason }
        })?;
    }
    for (index, profile) in file.ra_profile.iter().enumerate() {
        let earlier = file.ra_profile.iter().take(index).any(|earlier| earlier.name == profile.name);
        unique(earlier).and_then(|()| check_ra_profile(profile, &acme_names)).map_err(|Wrong(field, reason)| {
            Fault { place: Place { table: "raProfile", profile: Some((index, profile.name.clone())), field }, reason }
        })?;
    }
    Ok(())
}

/// A field of the table under check, and why it is refused.
struct Wrong(&'static str, String);

fn check_ca(ca: &CaConfig) -> Result<(), Wrong> {
    let part = |field, text: &String| {
        AuthorityName::new(text, None).map(drop).map_err(|error| Wrong(field, error.to_string()))
    };
    part("rootName", &ca.root_name)?;
    part("issuingName", &ca.issuing_name)?;
    ca.organization.iter().try_for_each(|organization| part("organization", organization))?;
    demand(ca.issuing_name != ca.root_name, "issuingName", "the issuing CA needs another name than the root")?;
    for (field, days) in [("rootDays", ca.root_days), ("issuingDays", ca.issuing_days)] {
        demand((1..=MOST_DAYS).contains(&days), field, &format!("must be from 1 to {MOST_DAYS}"))?;
    }
    Ok(())
}

fn check_acme_profile(profile: &AcmeProfile, ra_names: &BTreeSet<&str>) -> Result<(), Wrong> {
    if let Some(name) = &profile.ra_profile {
        known("raProfile", "RA Profile", name.as_str(), ra_names)?;
    }
    positive("validity", profile.validity)?;
    positive("retryInterval", profile.retry_interval)?;
    let types: BTreeSet<_> = profile.challenge_types.iter().map(|kind| kind.as_str()).collect();
    demand(!types.is_empty(), "challengeTypes", "needs at least one of http-01, dns-01, tls-alpn-01")?;
    demand(types.len() == profile.challenge_types.len(), "challengeTypes", "names a type twice")?;
    for (field, url) in [("termsOfServiceUrl", &profile.terms_of_service_url), ("websiteUrl", &profile.website_url)] {
        let fits = url.as_ref().is_none_or(|url| is_web_page(url));
        demand(fits, field, "expected the URL of a web page, such as https://ca.example/terms")?;
    }
    demand(
        !profile.require_terms_of_service || profile.terms_of_service_url.is_some(),
        "requireTermsOfService",
        "needs a termsOfServiceUrl: nobody can agree to terms that are nowhere",
    )?;
    for identity in &profile.caa_identities {
        let fits = identity.parse::<DnsName>().is_ok();
        demand(fits, "caaIdentities", &format!("`{}` is not a DNS name", identity.escape_debug()))?;
    }
    Ok(())
}

fn check_ra_profile(profile: &RaProfile, acme_names: &BTreeSet<&str>) -> Result<(), Wrong> {
    if profile.issuer.as_str() != ISSUING {
        let reason = format!("there is no issuer `{}` for certificates, only `{ISSUING}`", profile.issuer);
        return Err(Wrong("issuer", reason));
    }
    if let Some(name) = &profile.acme_profile {
        known("acmeProfile", "ACME Profile", name.as_str(), acme_names)?;
    }
    let validity = profile.certificate_validity;
    positive("certificateValidity.default", validity.default)?;
    positive("certificateValidity.maximum", validity.maximum)?;
    demand(
        validity.default <= validity.maximum,
        "certificateValidity.default",
        &format!("must be not more than the maximum, {}", validity.maximum),
    )?;
    demand(!profile.key_types.is_empty(), "keyTypes", "needs at least one of P-256, P-384, P-521, RSA, Ed25519")?;
    demand(!profile.extended_key_usage.is_empty(), "extendedKeyUsage", "needs at least one of server, client")
}

/// The names in the file, and that of the profile that exists without any.
fn names<'a>(names: impl Iterator<Item = &'a ProfileName>) -> BTreeSet<&'a str> {
    names.map(ProfileName::as_str).chain([DEFAULT]).collect()
}

fn known(field: &'static str, kind: &str, name: &str, names: &BTreeSet<&str>) -> Result<(), Wrong> {
    let all: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    demand(names.contains(name), field, &format!("there is no {kind} `{name}`, only {}", all.join(", ")))
}

fn positive(field: &'static str, seconds: u32) -> Result<(), Wrong> {
    demand(seconds > 0, field, "must be 1 or more (seconds)")
}

fn unique(earlier: bool) -> Result<(), Wrong> {
    demand(!earlier, "name", "this is the second profile of that name")
}

fn demand(holds: bool, field: &'static str, reason: &str) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err(Wrong(field, reason.to_owned())) }
}

/// Whether it can stand in a directory object and in a `Link` header.
fn is_web_page(url: &str) -> bool {
    let uri = url.parse::<Uri>().ok().filter(|uri| uri.authority().is_some());
    uri.is_some_and(|uri| uri.scheme() == Some(&Scheme::HTTPS) || uri.scheme() == Some(&Scheme::HTTP))
}

/// A hundred years.
const MOST_DAYS: u32 = 36_500;
