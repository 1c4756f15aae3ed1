//! Profiles of a host's configuration, as its starts apply them.
//!
//! The configuration is a document of the operator like any other, with one difference: it is read
//! again at every start, whether or not somebody changed it. So a start applies a profile only when
//! its text has changed since it was last applied, and never where an operator changed what is
//! stored meanwhile. What a start applies goes the way of every change: checked, recorded, emitted.

mod digest;
mod first;
mod verdict;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use authority::{AuditTrail, Failure};
use store::{AppliedConfiguration, Difference, FirstProfiles, Page, ProfileSet, ProfileStore};

use self::{
    digest::digests,
    first::{are_of, disabled, untouched},
    verdict::{Verdict, verdicts},
};
use crate::{Error, Profiles};

/// What a configuration says of profiles.
#[derive(Clone, Debug, Default)]
pub struct ConfiguredProfiles {
    /// Those that it names.
    pub named: ProfileSet,
    /// Those that a new CA begins with when it names none.
    pub built_in: ProfileSet,
}

/// What a start made of a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppliedProfiles {
    /// What changed by the configuration.
    pub differences: Vec<Difference>,
    /// What did not, because an operator had changed it.
    pub kept: Vec<KeptProfile>,
    /// The built-in profiles that were disabled, because there are others beside them, by path.
    pub disabled: Vec<String>,
}

/// A profile whose text in the configuration is not what is stored, because an operator changed
/// what is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptProfile {
    /// Which one: `acmeProfile.web`.
    pub path: String,
    /// The fields that differ; none when an operator deleted the profile.
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

    /// Applies the profiles of a configuration, as far as their texts changed since they were last
    /// applied and no operator changed what is stored.
    ///
    /// # Errors
    /// [`crate::Refusal::Profiles`] when a profile that is to be applied cannot be, such as an RA Profile
    /// whose issuer is not active; nothing of the configuration is applied then. When the store
    /// cannot answer.
    pub async fn apply(&self, configured: &ConfiguredProfiles) -> Result<AppliedProfiles, Error> {
        let ConfiguredProfiles { named, built_in } = configured;
        let known = self.store.applied_configuration().await?;
        // A store of an earlier version, whose starts made the built-in profiles.
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

        let before = digests(&stored)?;
        let named_digests = digests(named)?;
        let deleted = match known {
            None => self.deleted_by_operators(named_digests.keys().filter(|path| !before.contains_key(*path))).await?,
            Some(_) => BTreeSet::new(),
        };
        let verdicts = verdicts(&named_digests, &before, &digests(built_in)?, &remembered, &deleted);
        let of = |verdict| with_paths(named, |path| verdicts.get(path) == Some(&verdict));
        let to_apply = of(Verdict::Apply);
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
                    tracing::warn!(path, "a built-in profile does not serve beside the operator's own any more");
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

    /// An RA Profile of the configuration leads to an issuer that signs, also where the stored one
    /// of its name led to one that signed once.
    async fn check_issuers(&self, to_apply: &ProfileSet) -> Result<(), Error> {
        let alone = ProfileSet { ra_profile: to_apply.ra_profile.clone(), ..ProfileSet::default() };
        let Err(mut invalid) = alone.check(&self.profiles.issuing_cas().await?, &ProfileSet::default()) else {
            return Ok(());
        };
        invalid.faults.retain(|fault| fault.field == "issuer");
        if invalid.faults.is_empty() { Ok(()) } else { Err(invalid.into()) }
    }

    /// Those of the paths whose profiles an operator deleted, by the audit records: a store of an
    /// earlier version tells no other way a profile that was deleted from one that is new in the
    /// configuration.
    async fn deleted_by_operators(&self, paths: impl Iterator<Item = &String>) -> Result<BTreeSet<String>, Error> {
        let mut open: BTreeSet<String> = paths.cloned().collect();
        let mut deleted = BTreeSet::new();
        let mut before = None;
        while !open.is_empty() {
            let Page { items, more } = self.audit.page(before, ACTS).await?;
            before = items.last().map(|act| act.id);
            for act in items {
                // The newest act on the profile as a whole made it or deleted it.
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
    /// The profiles of the configuration that the last start did not apply, as long as what is
    /// stored is something else: by path, with whether there is one.
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

/// Those whose paths are chosen.
fn with_paths(set: &ProfileSet, is_chosen: impl Fn(&str) -> bool) -> ProfileSet {
    let mut chosen = set.clone();
    chosen.acme_profile.retain(|profile| is_chosen(&digest::acme_path(&profile.name)));
    chosen.ra_profile.retain(|profile| is_chosen(&digest::ra_path(&profile.name)));
    chosen
}

/// The set with these in the places of those of their names.
fn over(set: &ProfileSet, others: &ProfileSet) -> ProfileSet {
    let mut all = set.clone();
    all.acme_profile.retain(|profile| others.acme_profile.iter().all(|other| other.name != profile.name));
    all.acme_profile.extend(others.acme_profile.iter().cloned());
    all.ra_profile.retain(|profile| others.ra_profile.iter().all(|other| other.name != profile.name));
    all.ra_profile.extend(others.ra_profile.iter().cloned());
    all
}

/// In which fields the stored profiles are something else than these.
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

/// Who acts when a configuration is applied.
const CONFIGURATION_FILE: &str = "the configuration file";
/// Who acts when a host does what no configuration says.
const START: &str = "the start of the host";

/// How many audit records are read at once.
const ACTS: usize = 1_000;
