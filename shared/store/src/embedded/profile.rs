//! Profiles.

use acme::ProfileName;
use async_trait::async_trait;

use super::{
    EmbeddedStore,
    record::{self, Record},
    table::{self, TableName},
};
use crate::{AcmeProfile, Page, ProfileChanges, ProfileSet, ProfileStore, RaProfile, StoreError};

#[async_trait]
impl ProfileStore for EmbeddedStore {
    async fn acme_profile(&self, name: &ProfileName) -> Result<Option<AcmeProfile>, StoreError> {
        self.read(|snapshot| snapshot.record(name.as_str()))
    }

    async fn ra_profile(&self, name: &ProfileName) -> Result<Option<RaProfile>, StoreError> {
        self.read(|snapshot| snapshot.record(name.as_str()))
    }

    async fn acme_profiles_page(
        &self,
        after: Option<&ProfileName>,
        limit: usize,
    ) -> Result<Page<AcmeProfile>, StoreError> {
        self.read(|snapshot| snapshot.page(after.map(ProfileName::as_str), limit))
    }

    async fn ra_profiles_page(&self, after: Option<&ProfileName>, limit: usize) -> Result<Page<RaProfile>, StoreError> {
        self.read(|snapshot| snapshot.page(after.map(ProfileName::as_str), limit))
    }

    async fn profiles(&self) -> Result<ProfileSet, StoreError> {
        self.read(|snapshot| Ok(ProfileSet { acme_profile: snapshot.all()?, ra_profile: snapshot.all()? }))
    }

    async fn apply_profiles(&self, changes: &ProfileChanges) -> Result<(), StoreError> {
        let mut puts = Vec::with_capacity(changes.put_acme.len() + changes.put_ra.len());
        for profile in &changes.put_acme {
            puts.push((table::ACME_PROFILE, profile.name.to_string(), record::encode(profile)?));
        }
        for profile in &changes.put_ra {
            puts.push((table::RA_PROFILE, profile.name.to_string(), record::encode(profile)?));
        }
        let gone = |table: TableName, names: &[ProfileName]| -> Vec<(TableName, String)> {
            names.iter().map(|name| (table, name.to_string())).collect()
        };
        let mut gone_profiles = gone(table::ACME_PROFILE, &changes.delete_acme);
        gone_profiles.extend(gone(table::RA_PROFILE, &changes.delete_ra));
        self.write(move |batch| {
            gone_profiles.iter().try_for_each(|(table, key)| batch.remove(*table, key))?;
            puts.iter().try_for_each(|(table, key, row)| batch.put(*table, key, row))
        })
        .await
    }
}

impl Record for AcmeProfile {
    const TABLE: TableName = table::ACME_PROFILE;
}

impl Record for RaProfile {
    const TABLE: TableName = table::RA_PROFILE;
}
