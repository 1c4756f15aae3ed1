//! The profiles of a host's configuration, and how its starts apply them.
//!
//! The configuration is an operator's document like any other, with one difference: it is read
//! again at every start, whether or not anyone has changed it. A start therefore applies a profile
//! only if its text has changed since it was last applied, and never where an operator has changed
//! the stored profile in the meantime. What a start applies is handled like every other change:
//! checked, recorded, emitted.

mod digest;
mod first;
mod verdict;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use authority::{AuditTrail, Failure};
use ca::ExtendedKeyUsage;
use store::{AppliedConfiguration, Difference, FirstProfiles, Page, ProfileSet, ProfileStore, RaProfile};

use self::{
    digest::digests,
    first::{are_of, as_made, disabled, untouched},
    verdict::{Verdict, verdicts},
};
use crate::{Error, Profiles};

/// The profiles that a configuration contains or implies.
#[derive(Clone, Debug, Default)]
pub struct ConfiguredProfiles {
    /// The profiles in the configuration.
    pub named: ProfileSet,
    /// The profiles with which a new CA starts if the configuration has none.
    pub built_in: ProfileSet,
}

/// What a start did with the profiles of a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppliedProfiles {
    /// The differences that were applied.
    pub differences: Vec<Difference>,
    /// The profiles that were not applied, because an operator has changed the stored ones.
    pub kept: Vec<KeptProfile>,
    /// The built-in profiles that were disabled because there are other profiles, by path.
    pub disabled: Vec<String>,
}

/// A profile whose text in the configuration differs from the stored profile, because an operator
/// has changed that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptProfile {
    /// The path of the profile, such as `acmeProfile.web`.
    pub path: String,
    /// The fields that differ; none if an operator has deleted the profile.
    pub fields: Vec<String>,
}

/// Applies the profiles of a configuration.
pub struct Configurations {
    profiles: Arc<Profiles>,
    store: Arc<dyn ProfileStore>,
    audit: Arc<AuditTrail>,
}

impl Configurations {
    /// By these verbs on profiles.
    pub fn new(profiles: Arc<Profiles>, store: Arc<dyn ProfileStore>, audit: Arc<AuditTrail>) -> Self {
        Self { profiles, store, audit }
    }

    /// Applies the profiles of a configuration, as far as their texts have changed since they were
    /// last applied and no operator has changed the stored profiles.
    ///
    /// # Errors
    /// [`crate::Refusal::Profiles`] if a profile that has to be applied is invalid, such as an RA
    /// Profile whose issuer is not active; then nothing of the configuration is applied. When the
    /// store cannot answer.
    pub async fn apply(&self, configured: &ConfiguredProfiles) -> Result<AppliedProfiles, Error> {
        let ConfiguredProfiles { named, built_in } = configured;
        let known = self.store.applied_configuration().await?;
        // A store of an earlier version, whose starts created the built-in profiles.
        let unknown =
            || AppliedConfiguration { first_profiles: FirstProfiles::Made, ..AppliedConfiguration::default() };
        let mut remembered = known.clone().unwrap_or_else(unknown);
        let mut stored = self.store.profiles().await?;
        if remembered.first_profiles == FirstProfiles::Due {
            if *named == ProfileSet::default() && stored == ProfileSet::default() {
                self.profiles.apply(START, built_in).await?;
                stored = built_in.clone();
            }
            remembered.first_profiles = FirstProfiles::Made;
        }
        let built_in = &as_made(built_in, &stored);

        let (before, former) = (digests(&stored)?, digests(&with_present_defaults(&stored))?);
        let named_digests = digests(named)?;
        let deleted = match known {
            None => self.deleted_by_operators(named_digests.keys().filter(|path| !before.contains_key(*path))).await?,
            Some(_) => BTreeSet::new(),
        };
        let verdicts = verdicts(&named_digests, &before, &former, &digests(built_in)?, &remembered, &deleted);
        let of = |verdict| with_paths(named, |path| verdicts.get(path) == Some(&verdict));
        let mut to_apply = of(Verdict::Apply);
        keep_former_defaults(&mut to_apply, &stored, |path| {
            let applied = remembered.applied.get(path);
            applied.is_some() && applied == former.get(path) && applied != before.get(path)
        });
        self.check_issuers(&to_apply).await?;
        let wanted = over(&stored, &to_apply);
        let differences = self.profiles.apply(CONFIGURATION_FILE, &wanted).await?;
        for Difference { path, before, after } in &differences {
            let said = |value: &Option<serde_json::Value>| value.as_ref().map(ToString::to_string);
            let (before, after) = (said(before), said(after));
            tracing::info!(path, before, after, "the configuration file changes a profile");
        }
        let kept = kept(&of(Verdict::Keep), &stored)?;
        for KeptProfile { path, fields } in &kept {
            let fields = fields.join(", ");
            tracing::warn!(
                path,
                fields,
                "an operator changed this profile, and so did the configuration file: what is stored stays; \
                 `serverless-acme admin doctor` says what to do"
            );
        }
        verdict::remember(&mut remembered, &named_digests, &verdicts);

        let mut disabled_paths = Vec::new();
        if remembered.first_profiles == FirstProfiles::Made {
            let first = untouched(built_in, &wanted, named);
            let is_alone = are_of(built_in, &wanted);
            if !is_alone && first != ProfileSet::default() {
                let closed = disabled(&first, &wanted);
                let changed = self.profiles.apply(START, &over(&wanted, &closed)).await?;
                let profile = |path: String| path.rsplit_once('.').map(|(profile, _)| profile.to_owned());
                disabled_paths = changed.into_iter().filter_map(|difference| profile(difference.path)).collect();
                for path in &disabled_paths {
                    tracing::warn!(path, "a built-in profile is disabled, because there are other profiles");
                }
            }
            if !is_alone || first == ProfileSet::default() {
                remembered.first_profiles = FirstProfiles::Settled;
            }
        }
        if known.as_ref() != Some(&remembered) {
            self.store.put_applied_configuration(&remembered).await?;
        }
        Ok(AppliedProfiles { differences, kept, disabled: disabled_paths })
    }

    /// Checks that the RA Profiles of the configuration refer to issuers that can sign, even where
    /// the stored profile of the same name refers to an issuer that no longer can.
    async fn check_issuers(&self, to_apply: &ProfileSet) -> Result<(), Error> {
        let alone = ProfileSet { ra_profile: to_apply.ra_profile.clone(), ..ProfileSet::default() };
        let Err(mut invalid) = alone.check(&self.profiles.issuing_cas().await?, &ProfileSet::default()) else {
            return Ok(());
        };
        invalid.faults.retain(|fault| fault.field == "issuer");
        if invalid.faults.is_empty() { Ok(()) } else { Err(invalid.into()) }
    }

    /// Those of the paths whose profiles an operator has deleted, according to the audit records.
    /// In a store of an earlier version nothing else distinguishes a deleted profile from one that
    /// is new in the configuration.
    async fn deleted_by_operators(&self, paths: impl Iterator<Item = &String>) -> Result<BTreeSet<String>, Error> {
        let mut open: BTreeSet<String> = paths.cloned().collect();
        let mut deleted = BTreeSet::new();
        let mut before = None;
        while !open.is_empty() {
            let Page { items, more } = self.audit.page(before, ACTS).await?;
            before = items.last().map(|act| act.id);
            for act in items {
                // The newest act on the profile as a whole has created or deleted it.
                if open.remove(&act.subject) && act.detail.get("after").is_some_and(|after| after == "-") {
                    deleted.insert(act.subject);
                }
            }
            if !more || before.is_none() {
                break;
            }
        }
        Ok(deleted)
    }
}

impl Profiles {
    /// The profiles of the configuration that the last start did not apply, as long as the stored
    /// ones differ: by path, with whether there is a stored one.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn kept(&self) -> Result<BTreeMap<String, bool>, Error> {
        let kept = self.profiles.applied_configuration().await?.unwrap_or_default().kept;
        if kept.is_empty() {
            return Ok(BTreeMap::new());
        }
        let stored = digests(&self.profiles.profiles().await?)?;
        let open = kept.into_iter().filter(|(path, digest)| stored.get(path) != Some(digest));
        Ok(open.map(|(path, _)| (path.clone(), stored.contains_key(&path))).collect())
    }
}

/// The set, with RA Profiles that issue for servers and clients, which was the default of earlier
/// versions, as those of the present default.
fn with_present_defaults(set: &ProfileSet) -> ProfileSet {
    let mut present = set.clone();
    for profile in present.ra_profile.iter_mut().filter(|profile| issues_for_both(profile)) {
        profile.extended_key_usage = servers();
    }
    present
}

/// Profiles that were made by an earlier default keep it when a text that does not speak of it
/// changes. `is_former` says by path which these are.
fn keep_former_defaults(set: &mut ProfileSet, stored: &ProfileSet, is_former: impl Fn(&str) -> bool) {
    for profile in &mut set.ra_profile {
        let before = stored.ra_profile.iter().find(|stored| stored.name == profile.name);
        let before = before.filter(|before| issues_for_both(before) && is_former(&digest::ra_path(&before.name)));
        if let Some(before) = before.filter(|_| profile.extended_key_usage == servers()) {
            profile.extended_key_usage = before.extended_key_usage.clone();
        }
    }
}

fn issues_for_both(profile: &RaProfile) -> bool {
    profile.extended_key_usage == BTreeSet::from(ExtendedKeyUsage::ALL)
}

fn servers() -> BTreeSet<ExtendedKeyUsage> {
    BTreeSet::from([ExtendedKeyUsage::Server])
}

/// The profiles whose paths are chosen.
fn with_paths(set: &ProfileSet, is_chosen: impl Fn(&str) -> bool) -> ProfileSet {
    let mut chosen = set.clone();
    chosen.acme_profile.retain(|profile| is_chosen(&digest::acme_path(&profile.name)));
    chosen.ra_profile.retain(|profile| is_chosen(&digest::ra_path(&profile.name)));
    chosen
}

/// The set, with `others` in place of its profiles of the same names.
fn over(set: &ProfileSet, others: &ProfileSet) -> ProfileSet {
    let mut all = set.clone();
    all.acme_profile.retain(|profile| others.acme_profile.iter().all(|other| other.name != profile.name));
    all.acme_profile.extend(others.acme_profile.iter().cloned());
    all.ra_profile.retain(|profile| others.ra_profile.iter().all(|other| other.name != profile.name));
    all.ra_profile.extend(others.ra_profile.iter().cloned());
    all
}

/// The fields in which the stored profiles differ from these.
fn kept(texts: &ProfileSet, stored: &ProfileSet) -> Result<Vec<KeptProfile>, Error> {
    let mut kept = Vec::new();
    for path in digests(texts)?.into_keys() {
        let is_it = |other: &str| other == path;
        let (text, stored) = (with_paths(texts, is_it), with_paths(stored, is_it));
        let differences = text.difference(&stored).map_err(Failure::issuing)?;
        let field = |difference: Difference| {
            difference.path.strip_prefix(&path).and_then(|rest| rest.strip_prefix('.')).map(str::to_owned)
        };
        let fields = differences.into_iter().filter_map(field).collect();
        kept.push(KeptProfile { path, fields });
    }
    Ok(kept)
}

/// The actor for what the configuration file says.
const CONFIGURATION_FILE: &str = "the configuration file";
/// The actor for what a start does by itself.
const START: &str = "the start of the host";

/// The number of audit records that are read at once.
const ACTS: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn set(extended_key_usage: &[ExtendedKeyUsage]) -> ProfileSet {
        let profile = RaProfile::new("web".parse().unwrap(), "issuing".parse().unwrap());
        let extended_key_usage = extended_key_usage.iter().copied().collect();
        ProfileSet { ra_profile: vec![RaProfile { extended_key_usage, ..profile }], ..ProfileSet::default() }
    }

    #[test]
    fn n15_a_profile_that_was_made_for_clients_by_default_stays_so_when_its_text_changes() {
        let (both, server) = (set(&ExtendedKeyUsage::ALL), set(&[ExtendedKeyUsage::Server]));
        assert_eq!(with_present_defaults(&both), server);
        for (is_former, expected) in [(true, &both), (false, &server)] {
            let mut to_apply = server.clone();
            keep_former_defaults(&mut to_apply, &both, |path| path == "raProfile.web" && is_former);
            assert_eq!(to_apply, *expected, "{is_former}");
        }
    }
}
