//! Profiles, as far as the authority itself changes them.

use store::{AcmeProfile, ProfileSet, RaProfile};

use crate::{Authority, Error};

impl Authority {
    /// All profiles.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn profiles(&self) -> Result<ProfileSet, Error> {
        Ok(self.store.profiles().await?)
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
}
