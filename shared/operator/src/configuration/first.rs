//! The profiles with which a new CA starts, and how they end: they serve as long as there are no
//! others, so that nothing unwritten serves beside what an operator wrote.

use std::collections::BTreeSet;

use acme::ProfileName;
use ca::ExtendedKeyUsage;
use store::{AcmeProfile, Limits, ProfileSet, RaProfile};

/// The built-in profiles as they were made if they are stored: an earlier version made them without
/// limits and without a preset, and for clients as well as servers, and a CA that others reach is
/// made with more limits.
pub(super) fn as_made(built_in: &ProfileSet, stored: &ProfileSet) -> ProfileSet {
    let mut made = built_in.clone();
    let variants = [Limits::default(), Limits::bounds(), Limits::bounds_and_rates()];
    for profile in &mut made.acme_profile {
        let stored = stored.acme_profile.iter().find(|stored| stored.name == profile.name);
        if let Some(limits) = stored.map(|stored| &stored.limits).filter(|limits| variants.contains(limits)) {
            profile.limits = limits.clone();
        }
    }
    for profile in &mut made.ra_profile {
        let Some(stored) = stored.ra_profile.iter().find(|stored| stored.name == profile.name) else { continue };
        if stored.preset.is_none() {
            let plain = RaProfile::new(profile.name.clone(), profile.issuer.clone());
            *profile = RaProfile { acme_profile: profile.acme_profile.clone(), ..plain };
        }
        if stored.extended_key_usage == BTreeSet::from(ExtendedKeyUsage::ALL) {
            profile.extended_key_usage = ExtendedKeyUsage::ALL.into();
        }
    }
    made
}

/// The built-in profiles that are stored unchanged, and that the configuration does not contain.
pub(super) fn untouched(built_in: &ProfileSet, stored: &ProfileSet, named: &ProfileSet) -> ProfileSet {
    let mut first = built_in.clone();
    first.acme_profile.retain(|profile| {
        stored.acme_profile.contains(profile) && named.acme_profile.iter().all(|other| other.name != profile.name)
    });
    first.ra_profile.retain(|profile| {
        stored.ra_profile.contains(profile) && named.ra_profile.iter().all(|other| other.name != profile.name)
    });
    first
}

/// Whether all profiles have the names of built-in ones: an operator who has changed one of the
/// pair, or rolled its issuer over, has adopted the pair.
pub(super) fn are_of(built_in: &ProfileSet, stored: &ProfileSet) -> bool {
    let is_acme = |name: &ProfileName| built_in.acme_profile.iter().any(|profile| profile.name == *name);
    let is_ra = |name: &ProfileName| built_in.ra_profile.iter().any(|profile| profile.name == *name);
    stored.acme_profile.iter().all(|profile| is_acme(&profile.name))
        && stored.ra_profile.iter().all(|profile| is_ra(&profile.name))
}

/// The untouched profiles as they continue beside other profiles: disabled. An RA Profile that
/// other profiles use continues for them, but without a directory of its own, unless they use that
/// directory, too.
pub(super) fn disabled(untouched: &ProfileSet, stored: &ProfileSet) -> ProfileSet {
    let acme = untouched.acme_profile.iter().map(|profile| AcmeProfile { enabled: false, ..profile.clone() });
    let others: Vec<&AcmeProfile> =
        stored.acme_profile.iter().filter(|profile| !untouched.acme_profile.contains(profile)).collect();
    let ra = untouched.ra_profile.iter().map(|profile| {
        let users: Vec<&&AcmeProfile> = others.iter().filter(|other| leads_to(other, profile)).collect();
        if users.is_empty() {
            RaProfile { enabled: false, ..profile.clone() }
        } else if users.iter().any(|user| Some(&user.name) == profile.acme_profile.as_ref()) {
            profile.clone()
        } else {
            RaProfile { acme_profile: None, ..profile.clone() }
        }
    });
    ProfileSet { acme_profile: acme.collect(), ra_profile: ra.collect() }
}

fn leads_to(acme: &AcmeProfile, ra: &RaProfile) -> bool {
    acme.ra_profile.as_ref() == Some(&ra.name) || acme.profiles.values().any(|offered| offered.ra_profile == ra.name)
}

#[cfg(test)]
mod tests {
    use store::Preset;

    use super::*;

    fn pair(name: &str) -> ProfileSet {
        let name: acme::ProfileName = name.parse().unwrap();
        let acme = AcmeProfile { ra_profile: Some(name.clone()), ..AcmeProfile::new(name.clone()) };
        let ra = RaProfile { acme_profile: Some(name.clone()), ..RaProfile::new(name, "issuing".parse().unwrap()) };
        ProfileSet { acme_profile: vec![acme], ra_profile: vec![ra] }
    }

    #[test]
    fn n14_an_untouched_pair_beside_another_pair_is_disabled() {
        let (default, web) = (pair("default"), pair("web"));
        let mut stored = default.clone();
        stored.acme_profile.extend(web.acme_profile.clone());
        stored.ra_profile.extend(web.ra_profile);
        assert_eq!(untouched(&default, &stored, &ProfileSet::default()), default);
        assert_eq!(untouched(&default, &stored, &default), ProfileSet::default(), "the operator wrote it");
        let disabled = disabled(&default, &stored);
        assert!(!disabled.acme_profile[0].enabled && !disabled.ra_profile[0].enabled);
    }

    #[test]
    fn n14_a_built_in_profile_that_was_made_with_other_limits_is_untouched_as_well() {
        let built_in = pair("default");
        for limits in [Limits::default(), Limits::bounds(), Limits::bounds_and_rates()] {
            let mut stored = built_in.clone();
            stored.acme_profile[0].limits = limits;
            assert_eq!(untouched(&as_made(&built_in, &stored), &stored, &ProfileSet::default()), stored);
            stored.acme_profile[0].validity = 60;
            let untouched = untouched(&as_made(&built_in, &stored), &stored, &ProfileSet::default());
            assert!(untouched.acme_profile.is_empty(), "an operator has changed it");
        }
        let mut stored = built_in.clone();
        stored.acme_profile[0].limits.new_orders = Some(store::Limit { maximum: 1, window: 60 });
        let untouched = untouched(&as_made(&built_in, &stored), &stored, &ProfileSet::default());
        assert!(untouched.acme_profile.is_empty(), "an operator has limited it");
    }

    #[test]
    fn n14_a_built_in_profile_that_was_made_without_a_preset_is_untouched() {
        let earlier = pair("default");
        let mut built_in = earlier.clone();
        let RaProfile { name, issuer, acme_profile, .. } = built_in.ra_profile.remove(0);
        let description = "Certificates of 45 days.".to_owned();
        let private = RaProfile::of_preset(Preset::Private, name, issuer);
        built_in.ra_profile.push(RaProfile { description, acme_profile, ..private });
        for stored in [&earlier, &built_in] {
            assert_eq!(untouched(&as_made(&built_in, stored), stored, &ProfileSet::default()), *stored);
        }
        let mut stored = earlier.clone();
        stored.ra_profile[0].certificate_validity.default = 60;
        let untouched = untouched(&as_made(&built_in, &stored), &stored, &ProfileSet::default());
        assert!(untouched.ra_profile.is_empty(), "an operator has changed it");
    }

    #[test]
    fn n14_a_built_in_profile_that_was_made_for_clients_as_well_is_untouched() {
        let built_in = pair("default");
        let mut stored = built_in.clone();
        assert_eq!(stored.ra_profile[0].extended_key_usage, BTreeSet::from([ExtendedKeyUsage::Server]));
        stored.ra_profile[0].extended_key_usage = ExtendedKeyUsage::ALL.into();
        assert_eq!(untouched(&as_made(&built_in, &stored), &stored, &ProfileSet::default()), stored);
        stored.ra_profile[0].extended_key_usage = BTreeSet::from([ExtendedKeyUsage::Client]);
        let untouched = untouched(&as_made(&built_in, &stored), &stored, &ProfileSet::default());
        assert!(untouched.ra_profile.is_empty(), "an operator has changed it");
    }

    #[test]
    fn n14_an_untouched_ra_profile_goes_on_for_those_who_issue_by_it_and_opens_no_directory_past_them() {
        let default = pair("default");
        let ra = ProfileSet { acme_profile: Vec::new(), ..default.clone() };
        let own = |name: &str| AcmeProfile {
            external_account_required: true,
            name: name.parse().unwrap(),
            ..default.acme_profile[0].clone()
        };
        let beside = |acme: AcmeProfile| disabled(&ra, &ProfileSet { acme_profile: vec![acme], ..ra.clone() });
        assert_eq!(beside(own("default")), ra, "the directory has the rules of the operator's own profile");
        assert_eq!(beside(own("web")).ra_profile[0].acme_profile, None);
        let elsewhere = AcmeProfile { ra_profile: Some("short".parse().unwrap()), ..own("default") };
        assert!(!beside(elsewhere).ra_profile[0].enabled, "no profile issues by it");
    }
}
