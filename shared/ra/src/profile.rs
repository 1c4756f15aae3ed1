//! Profiles, as operators change them.

use std::collections::{BTreeMap, BTreeSet};

use store::{AcmeProfile, Difference, IssuerId, IssuerRole, ProfileSet, RaProfile};

use crate::{Authority, Error, issuance::issuing};

impl Authority {
    /// All profiles.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn profiles(&self) -> Result<ProfileSet, Error> {
        Ok(self.store.profiles().await?)
    }

    /// What would change if these were the profiles, with every reason against it.
    ///
    /// # Errors
    /// [`Error::Profiles`]; when the store cannot answer.
    pub async fn compare_profiles(&self, wanted: &ProfileSet) -> Result<Vec<Difference>, Error> {
        self.compared(wanted).await.map(|(_, differences)| differences)
    }

    /// Makes these the profiles: all of them, or none when one is refused. The next request of this process
    /// sees them; other processes see them within the time of [`crate::Settings::profile_cache`].
    ///
    /// # Errors
    /// [`Error::Profiles`]; when the store cannot answer.
    pub async fn apply_profiles(&self, actor: &str, wanted: &ProfileSet) -> Result<Vec<Difference>, Error> {
        let (stored, differences) = self.compared(wanted).await?;
        let changes = wanted.changes_from(&stored);
        if changes.is_empty() {
            return Ok(differences);
        }
        let said = |value: &Option<serde_json::Value>| value.as_ref().map_or("-".to_owned(), ToString::to_string);
        for Difference { path, before, after } in &differences {
            let detail = BTreeMap::from([("before".to_owned(), said(before)), ("after".to_owned(), said(after))]);
            self.record_act(actor, "apply", path, detail).await?;
        }
        self.store.apply_profiles(&changes).await?;
        self.profiles.forget().await;
        Ok(differences)
    }

    /// Makes the first profiles. Where there is any profile the operator has decided already, and
    /// nothing happens.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn ensure_profiles(&self, acme: &AcmeProfile, ra: &RaProfile) -> Result<(), Error> {
        let stored = self.store.profiles().await?;
        if stored != ProfileSet::default() {
            return Ok(());
        }
        let first = ProfileSet { acme_profile: vec![acme.clone()], ra_profile: vec![ra.clone()] };
        Ok(self.store.apply_profiles(&first.changes_from(&stored)).await?)
    }

    async fn compared(&self, wanted: &ProfileSet) -> Result<(ProfileSet, Vec<Difference>), Error> {
        let issuers = self.store.issuers().await?.into_iter().filter(|issuer| issuer.role == IssuerRole::Issuing);
        let issuers: BTreeSet<IssuerId> = issuers.map(|issuer| issuer.id).collect();
        wanted.check(&issuers)?;
        let stored = self.store.profiles().await?;
        let differences = wanted.difference(&stored).map_err(issuing)?;
        Ok((stored, differences))
    }
}
