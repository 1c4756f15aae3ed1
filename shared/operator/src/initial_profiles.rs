//! The profiles that a new CA begins with.

use std::{collections::BTreeMap, sync::Arc};

use acme::ProfileName;
use store::{AppliedConfiguration, FirstProfiles, IssuerStore, ProfileSet, ProfileStore};

use crate::{Error, Profiles};

/// Creates the first profiles of a CA, once.
pub struct InitialProfiles {
    profiles: Arc<Profiles>,
    store: Arc<dyn ProfileStore>,
    issuers: Arc<dyn IssuerStore>,
}

impl InitialProfiles {
    /// By these verbs on profiles.
    pub fn new(profiles: Arc<Profiles>, store: Arc<dyn ProfileStore>, issuers: Arc<dyn IssuerStore>) -> Self {
        Self { profiles, store, issuers }
    }

    /// Records that the store is new, if it is: only then the first profiles are created. It must
    /// be called before anything is created in the store.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn mark_new_store(&self) -> Result<(), Error> {
        if self.store.applied_configuration().await?.is_some() || !self.issuers.issuers().await?.is_empty() {
            return Ok(());
        }
        let begun = AppliedConfiguration { first_profiles: FirstProfiles::Due, ..AppliedConfiguration::default() };
        Ok(self.store.put_applied_configuration(&begun).await?)
    }

    /// The properties that the CA was made with: those on record, or else these, which are then
    /// recorded for ever.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn founding(&self, given: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Error> {
        let mut remembered = self.store.applied_configuration().await?.unwrap_or_default();
        if remembered.founding.is_empty() {
            remembered.founding = given;
            self.store.put_applied_configuration(&remembered).await?;
        }
        Ok(remembered.founding)
    }

    /// The ACME Profiles under which anyone may register.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn open(&self) -> Result<Vec<ProfileName>, Error> {
        let profiles = self.store.profiles().await?.acme_profile.into_iter();
        Ok(profiles.filter(|profile| !profile.external_account_required).map(|profile| profile.name).collect())
    }

    /// Creates the first profiles in a new store. If there is any profile, or was one, the operator
    /// has already decided, and nothing happens.
    ///
    /// # Errors
    /// [`crate::Refusal::Profiles`]; when the store cannot answer.
    pub async fn ensure(&self, actor: &str, first: &ProfileSet) -> Result<(), Error> {
        let mut remembered = self.store.applied_configuration().await?.unwrap_or_default();
        if remembered.first_profiles == FirstProfiles::Due {
            if self.store.profiles().await? == ProfileSet::default() {
                self.profiles.apply(actor, first).await?;
            }
            remembered.first_profiles = FirstProfiles::Settled;
            self.store.put_applied_configuration(&remembered).await?;
        }
        Ok(())
    }
}
