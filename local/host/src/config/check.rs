//! Checks of a configuration file beyond its syntax: values that are out of range or contradict
//! each other.

use std::{collections::BTreeMap, fmt};

use acme::ProfileName;
use ca::AuthorityName;
use store::{IssuerId, IssuerState, ProfileFault, ProfileSet};

use super::{CaConfig, ISSUING, ROOT, built_in_profiles};

/// A field that is refused, with the reason.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) place: Place,
    pub(super) reason: String,
}

/// A field of the file.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) table: &'static str,
    /// For a profile: its index in the file and its name.
    pub(super) profile: Option<(usize, ProfileName)>,
    pub(super) field: String,
}

impl fmt::Display for Place {
    /// The path of the field, with the name of the profile: `acmeProfile.web.raProfile`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, profile, field } = self;
        match profile {
            Some((_, name)) => write!(f, "{table}.{name}.{field}"),
            None => write!(f, "{table}.{field}"),
        }
    }
}

/// Checks the CA and the profiles of a file. The rules for profiles are those of the store. They
/// are checked together with the built-in profiles, because the file may refer to those and the
/// store may have them.
pub(super) fn check(ca: &CaConfig, mut set: ProfileSet) -> Result<(), Fault> {
    check_ca(ca).map_err(|Wrong(field, reason)| {
        let place = Place { table: "ca", profile: None, field: field.to_owned() };
        Fault { place, reason }
    })?;
    let ProfileSet { mut acme_profile, mut ra_profile } = built_in_profiles();
    acme_profile.retain(|built_in| set.acme_profile.iter().all(|named| named.name != built_in.name));
    ra_profile.retain(|built_in| set.ra_profile.iter().all(|named| named.name != built_in.name));
    set.acme_profile.extend(acme_profile);
    set.ra_profile.extend(ra_profile);
    // Operators add issuers, so the issuers that exist are only known when the store is open. Any
    // name is accepted here, except that of the root.
    let named = set.ra_profile.iter().map(|profile| profile.issuer.clone()).filter(|issuer| issuer.as_str() != ROOT);
    let issuers: BTreeMap<IssuerId, IssuerState> =
        ISSUING.parse().into_iter().chain(named).map(|issuer| (issuer, IssuerState::Active)).collect();
    let faults = set.check(&issuers, &ProfileSet::default()).err().map(|invalid| invalid.faults).unwrap_or_default();
    match faults.into_iter().next() {
        None => Ok(()),
        Some(ProfileFault { kind, index, profile, field, reason }) => {
            let place = Place { table: kind.table(), profile: Some((index, profile)), field };
            Err(Fault { place, reason: reason.to_string() })
        }
    }
}

/// A field of the table `ca`, and why it is refused.
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
        demand((1..=MAX_DAYS).contains(&days), field, &format!("must be from 1 to {MAX_DAYS}"))?;
    }
    Ok(())
}

fn demand(holds: bool, field: &'static str, reason: &str) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err(Wrong(field, reason.to_owned())) }
}

/// A hundred years.
const MAX_DAYS: u32 = 36_500;
