//! Sets of profiles, and the changes from one set to another.

use std::collections::BTreeMap;

use acme::ProfileName;
use serde::{Deserialize, Serialize};

use crate::{AcmeProfile, RaProfile};

/// Profiles of both kinds, as in one document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ProfileSet {
    /// The ACME Profiles.
    pub acme_profile: Vec<AcmeProfile>,
    /// The RA Profiles.
    pub ra_profile: Vec<RaProfile>,
}

impl ProfileSet {
    /// The changes that turn the stored set into this one: new and different profiles are put, and
    /// profiles that are absent here are deleted.
    pub fn changes_from(&self, stored: &Self) -> ProfileChanges {
        let (put_acme, delete_acme) =
            changes(by_name(&self.acme_profile, |p| &p.name), by_name(&stored.acme_profile, |p| &p.name));
        let (put_ra, delete_ra) =
            changes(by_name(&self.ra_profile, |p| &p.name), by_name(&stored.ra_profile, |p| &p.name));
        ProfileChanges { put_acme, put_ra, delete_acme, delete_ra }
    }
}

/// Changes to the stored profiles. No profile is both put and deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChanges {
    /// ACME Profiles to create, or to replace by name.
    pub put_acme: Vec<AcmeProfile>,
    /// RA Profiles to create, or to replace by name.
    pub put_ra: Vec<RaProfile>,
    /// ACME Profiles to delete.
    pub delete_acme: Vec<ProfileName>,
    /// RA Profiles to delete.
    pub delete_ra: Vec<ProfileName>,
}

impl ProfileChanges {
    /// The number of profiles that change.
    pub fn len(&self) -> usize {
        self.put_acme.len() + self.put_ra.len() + self.delete_acme.len() + self.delete_ra.len()
    }

    /// Whether no profile changes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn by_name<T>(profiles: &[T], name: impl Fn(&T) -> &ProfileName) -> BTreeMap<&ProfileName, &T> {
    profiles.iter().map(|profile| (name(profile), profile)).collect()
}

fn changes<T: Clone + PartialEq>(
    wanted: BTreeMap<&ProfileName, &T>,
    stored: BTreeMap<&ProfileName, &T>,
) -> (Vec<T>, Vec<ProfileName>) {
    let put = wanted.iter().filter(|(name, profile)| stored.get(*name) != Some(profile));
    let gone = stored.keys().filter(|name| !wanted.contains_key(*name));
    (put.map(|(_, profile)| (*profile).clone()).collect(), gone.map(|name| (*name).clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_as_wanted_is_left_alone() {
        let profile = |name: &str| AcmeProfile::new(name.parse().unwrap());
        let set = |acme_profile: Vec<AcmeProfile>| ProfileSet { acme_profile, ..ProfileSet::default() };
        let stored = set(vec![profile("gone"), profile("other"), profile("same")]);
        let changed = AcmeProfile { enabled: false, ..profile("other") };
        let wanted = set(vec![profile("same"), changed.clone(), profile("new")]);
        let changes = wanted.changes_from(&stored);
        assert_eq!(changes.put_acme, [profile("new"), changed]);
        assert_eq!(changes.delete_acme, ["gone".parse().unwrap()]);
        assert_eq!(changes.len(), 3);
        assert!(wanted.changes_from(&wanted).is_empty());
    }
}
