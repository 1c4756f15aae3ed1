//! What a file must not say although each word of it is right.

use std::{collections::BTreeMap, fmt};

use acme::ProfileName;
use ca::AuthorityName;
use store::{IssuerId, IssuerState, ProfileFault, ProfileSet};

use super::{CaConfig, ISSUING, ROOT, built_in_profiles};

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
    pub(super) field: String,
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

/// Checks what a file says of the CA and of profiles. What profiles may say is decided where they
/// are stored; here they stand beside the built-in ones, to which they may lead because a store may
/// have them.
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
    // Operators make further issuers; which there are is known when the store is open. The root is
    // none of them.
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
        demand((1..=MAX_DAYS).contains(&days), field, &format!("must be from 1 to {MAX_DAYS}"))?;
    }
    Ok(())
}

fn demand(holds: bool, field: &'static str, reason: &str) -> Result<(), Wrong> {
    if holds { Ok(()) } else { Err(Wrong(field, reason.to_owned())) }
}

/// A hundred years.
const MAX_DAYS: u32 = 36_500;
