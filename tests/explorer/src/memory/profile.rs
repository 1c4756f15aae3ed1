//! Profiles.

use acme::ProfileName;
use async_trait::async_trait;
use store::{AcmeProfile, AppliedConfiguration, Page, ProfileChanges, ProfileSet, ProfileStore, RaProfile, StoreError};

use super::MemoryStore;

#[async_trait]
impl ProfileStore for MemoryStore {
    async fn acme_profile(&self, name: &ProfileName) -> Result<Option<AcmeProfile>, StoreError> {
        Ok(self.lock().acme_profiles.get(name.as_str()).cloned())
    }

    async fn ra_profile(&self, name: &ProfileName) -> Result<Option<RaProfile>, StoreError> {
        Ok(self.lock().ra_profiles.get(name.as_str()).cloned())
    }

    async fn acme_profiles_page(
        &self,
        after: Option<&ProfileName>,
        limit: usize,
    ) -> Result<Page<AcmeProfile>, StoreError> {
        let tables = self.lock();
        let later = tables.acme_profiles.values().filter(|profile| after.is_none_or(|after| profile.name > *after));
        Ok(Page::of(later.cloned().collect(), limit))
    }

    async fn ra_profiles_page(&self, after: Option<&ProfileName>, limit: usize) -> Result<Page<RaProfile>, StoreError> {
        let tables = self.lock();
        let later = tables.ra_profiles.values().filter(|profile| after.is_none_or(|after| profile.name > *after));
        Ok(Page::of(later.cloned().collect(), limit))
    }

    async fn profiles(&self) -> Result<ProfileSet, StoreError> {
        let tables = self.lock();
        Ok(ProfileSet {
            acme_profile: tables.acme_profiles.values().cloned().collect(),
            ra_profile: tables.ra_profiles.values().cloned().collect(),
        })
    }

    async fn apply_profiles(&self, changes: &ProfileChanges) -> Result<(), StoreError> {
        let mut tables = self.lock();
        for name in &changes.delete_acme {
            tables.acme_profiles.remove(name.as_str());
        }
        for name in &changes.delete_ra {
            tables.ra_profiles.remove(name.as_str());
        }
        let acme = changes.put_acme.iter().map(|profile| (profile.name.to_string(), profile.clone()));
        tables.acme_profiles.extend(acme);
        let ra = changes.put_ra.iter().map(|profile| (profile.name.to_string(), profile.clone()));
        tables.ra_profiles.extend(ra);
        Ok(())
    }

    async fn applied_configuration(&self) -> Result<Option<AppliedConfiguration>, StoreError> {
        Ok(self.lock().applied_configuration.clone())
    }

    async fn put_applied_configuration(&self, applied: &AppliedConfiguration) -> Result<(), StoreError> {
        self.lock().applied_configuration = Some(applied.clone());
        Ok(())
    }
}
