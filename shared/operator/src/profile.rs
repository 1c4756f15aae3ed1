//! Profiles: how operators read and change them.

use std::{collections::BTreeMap, sync::Arc};

use acme::{EventKind, ProfileFacts, ProfileName};
use authority::{AuditTrail, Events, Failure};
use ra::{Directories, Openness};
use store::{
    AcmeProfile, Difference, IssuerId, IssuerRole, IssuerState, IssuerStore, Page, ProfileChanges, ProfileKind,
    ProfileSet, ProfileStore, RaProfile,
};

use crate::{Error, Refusal};

/// The profiles, as operators read and change them.
pub struct Profiles {
    pub(crate) profiles: Arc<dyn ProfileStore>,
    issuers: Arc<dyn IssuerStore>,
    directories: Arc<Directories>,
    audit: Arc<AuditTrail>,
    events: Events,
    openness: Openness,
}

impl Profiles {
    /// Those of this store, over its issuers. What changes is forgotten by these directories.
    /// `openness` says which profiles may be applied.
    pub fn new(
        profiles: Arc<dyn ProfileStore>,
        issuers: Arc<dyn IssuerStore>,
        directories: Arc<Directories>,
        audit: Arc<AuditTrail>,
        events: Events,
        openness: Openness,
    ) -> Self {
        Self { profiles, issuers, directories, audit, events, openness }
    }

    /// All stored profiles.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn all(&self) -> Result<ProfileSet, Error> {
        Ok(self.profiles.profiles().await?)
    }

    /// Whether directories may let anyone register.
    pub fn openness(&self) -> Openness {
        self.openness
    }

    /// The ACME Profiles by name: those after `after`, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn acme_page(&self, after: Option<&ProfileName>, limit: usize) -> Result<Page<AcmeProfile>, Error> {
        Ok(self.profiles.acme_profiles_page(after, limit).await?)
    }

    /// The RA Profiles by name: those after `after`, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn ra_page(&self, after: Option<&ProfileName>, limit: usize) -> Result<Page<RaProfile>, Error> {
        Ok(self.profiles.ra_profiles_page(after, limit).await?)
    }

    /// The differences between the stored profiles and these, or every reason why these are
    /// invalid.
    ///
    /// # Errors
    /// [`Refusal::Profiles`], [`Refusal::Open`]; when the store cannot answer.
    pub async fn compare(&self, wanted: &ProfileSet) -> Result<Vec<Difference>, Error> {
        self.compared(wanted).await.map(|(_, differences)| differences)
    }

    /// Replaces the profiles by these: all of them, or none if one is refused. The next request of
    /// this process sees the change; other processes see it within [`ra::Settings::profile_cache`].
    ///
    /// # Errors
    /// [`Refusal::Profiles`], [`Refusal::Open`]; when the store cannot answer.
    pub async fn apply(&self, actor: &str, wanted: &ProfileSet) -> Result<Vec<Difference>, Error> {
        let (stored, differences) = self.compared(wanted).await?;
        let changes = wanted.changes_from(&stored);
        if changes.is_empty() {
            return Ok(differences);
        }
        let said = |value: &Option<serde_json::Value>| value.as_ref().map_or("-".to_owned(), ToString::to_string);
        for Difference { path, before, after } in &differences {
            let detail = BTreeMap::from([("before".to_owned(), said(before)), ("after".to_owned(), said(after))]);
            self.audit.record(actor, "apply", path, detail).await?;
        }
        self.profiles.apply_profiles(&changes).await?;
        self.directories.forget().await;
        for (profile, fields) in changed_fields(&changes, &differences) {
            self.events.emit(EventKind::ProfileChanged(ProfileFacts { profile, fields, actor: actor.to_owned() }));
        }
        Ok(differences)
    }

    async fn compared(&self, wanted: &ProfileSet) -> Result<(ProfileSet, Vec<Difference>), Error> {
        let issuers = self.issuing_cas().await?;
        let stored = self.profiles.profiles().await?;
        wanted.check(&issuers, &stored)?;
        self.check_openness(wanted, &stored)?;
        let differences = wanted.difference(&stored).map_err(Failure::issuing)?;
        Ok((stored, differences))
    }

    /// Checks that no directory becomes open where none may be. One that is open stays as it is: a
    /// start refuses it, and `doctor` reports it.
    fn check_openness(&self, wanted: &ProfileSet, stored: &ProfileSet) -> Result<(), Refusal> {
        if self.openness != Openness::Closed {
            return Ok(());
        }
        let was_open = |name: &ProfileName| stored.acme_profile.iter().any(|old| old.name == *name && old.is_open());
        let opened = wanted.acme_profile.iter().filter(|profile| profile.is_open() && !was_open(&profile.name));
        let opened: Vec<ProfileName> = opened.map(|profile| profile.name.clone()).collect();
        if opened.is_empty() { Ok(()) } else { Err(Refusal::Open(opened)) }
    }

    /// The issuers whose role is to sign certificates.
    pub(crate) async fn issuing_cas(&self) -> Result<BTreeMap<IssuerId, IssuerState>, Failure> {
        let issuers = self.issuers.issuers().await?.into_iter().filter(|issuer| issuer.role == IssuerRole::Issuing);
        Ok(issuers.map(|issuer| (issuer.id.clone(), issuer.state())).collect())
    }
}

/// The profiles that change, each with its changed fields; a profile that is new or deleted has
/// none.
fn changed_fields(changes: &ProfileChanges, differences: &[Difference]) -> BTreeMap<String, Vec<String>> {
    let acme = changes.put_acme.iter().map(|profile| &profile.name).chain(&changes.delete_acme);
    let ra = changes.put_ra.iter().map(|profile| &profile.name).chain(&changes.delete_ra);
    let paths = acme.map(|name| (ProfileKind::Acme, name)).chain(ra.map(|name| (ProfileKind::Ra, name)));
    let mut changed: BTreeMap<String, Vec<String>> =
        paths.map(|(kind, name)| (format!("{}.{name}", kind.table()), Vec::new())).collect();
    for Difference { path, .. } in differences {
        // A name may contain dots, so several profiles may match the start of a path; the longest
        // is meant.
        let field = |profile: &str| path.strip_prefix(profile)?.strip_prefix('.').map(str::to_owned);
        let of = changed.keys().filter(|profile| field(profile).is_some()).max_by_key(|profile| profile.len()).cloned();
        if !changed.contains_key(path)
            && let Some(profile) = of
            && let (Some(field), Some(fields)) = (field(&profile), changed.get_mut(&profile))
        {
            fields.push(field);
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_belong_to_their_profile_also_when_names_have_dots() {
        let profile = |name: &str, enabled| AcmeProfile { enabled, ..AcmeProfile::new(name.parse().unwrap()) };
        let set = |acme_profile| ProfileSet { acme_profile, ..ProfileSet::default() };
        let stored = set(vec![profile("web", true), profile("web.v2", true), profile("gone", true)]);
        let wanted = set(vec![profile("web", false), profile("web.v2", false), profile("web.v3", true)]);
        let changed = changed_fields(&wanted.changes_from(&stored), &wanted.difference(&stored).unwrap());
        let expected = [
            ("acmeProfile.gone", &[][..]),
            ("acmeProfile.web", &["enabled"]),
            ("acmeProfile.web.v2", &["enabled"]),
            ("acmeProfile.web.v3", &[]),
        ];
        let expected = expected.map(|(path, fields)| (path.to_owned(), fields.iter().map(|f| f.to_string()).collect()));
        assert_eq!(changed, BTreeMap::from(expected));
    }
}
