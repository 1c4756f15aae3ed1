//! Profiles.

use acme::ProfileName;
use async_trait::async_trait;

use super::{
    EmbeddedStore,
    batch::Batch,
    failure::Failure,
    key,
    record::{self, Record},
    table::{self, TableName},
};
use crate::{
    AcmeProfile, AcmeProfileRecord, AppliedConfiguration, Page, ProfileChanges, ProfileSet, ProfileStore, RaProfile,
    RaProfileRecord, StoreError,
};

#[async_trait]
impl ProfileStore for EmbeddedStore {
    async fn acme_profile(&self, name: &ProfileName) -> Result<Option<AcmeProfile>, StoreError> {
        self.read(|snapshot| Ok(snapshot.record::<AcmeProfileRecord>(name.as_str())?.map(AcmeProfile::from)))
    }

    async fn ra_profile(&self, name: &ProfileName) -> Result<Option<RaProfile>, StoreError> {
        self.read(|snapshot| Ok(snapshot.record::<RaProfileRecord>(name.as_str())?.map(RaProfile::from)))
    }

    async fn acme_profiles_page(
        &self,
        after: Option<&ProfileName>,
        limit: usize,
    ) -> Result<Page<AcmeProfile>, StoreError> {
        self.read(|snapshot| {
            let page: Page<AcmeProfileRecord> = snapshot.page(after.map(ProfileName::as_str), limit)?;
            page.try_map(|record| Ok(record.into()))
        })
    }

    async fn ra_profiles_page(&self, after: Option<&ProfileName>, limit: usize) -> Result<Page<RaProfile>, StoreError> {
        self.read(|snapshot| {
            let page: Page<RaProfileRecord> = snapshot.page(after.map(ProfileName::as_str), limit)?;
            page.try_map(|record| Ok(record.into()))
        })
    }

    async fn profiles(&self) -> Result<ProfileSet, StoreError> {
        self.read(|snapshot| {
            let (acme, ra) = (snapshot.all::<AcmeProfileRecord>()?, snapshot.all::<RaProfileRecord>()?);
            Ok(ProfileSet {
                acme_profile: acme.into_iter().map(AcmeProfile::from).collect(),
                ra_profile: ra.into_iter().map(RaProfile::from).collect(),
            })
        })
    }

    async fn apply_profiles(&self, changes: &ProfileChanges) -> Result<(), StoreError> {
        let changes = changes.clone();
        self.write_from_reserve(move |batch| {
            for name in &changes.delete_acme {
                batch.remove(table::ACME_PROFILE, name.as_str());
            }
            for name in &changes.delete_ra {
                batch.remove(table::RA_PROFILE, name.as_str());
            }
            for profile in &changes.put_acme {
                let stored: Option<AcmeProfileRecord> = stored(batch, &profile.name)?;
                let record = AcmeProfileRecord::of(profile, stored.as_ref());
                batch.put(table::ACME_PROFILE, profile.name.as_str(), &record::encode(&record)?);
            }
            for profile in &changes.put_ra {
                let stored: Option<RaProfileRecord> = stored(batch, &profile.name)?;
                let record = RaProfileRecord::of(profile, stored.as_ref());
                batch.put(table::RA_PROFILE, profile.name.as_str(), &record::encode(&record)?);
            }
            Ok(())
        })
        .await
    }

    async fn applied_configuration(&self) -> Result<Option<AppliedConfiguration>, StoreError> {
        self.read(|snapshot| snapshot.record(key::APPLIED_CONFIGURATION))
    }

    async fn put_applied_configuration(&self, applied: &AppliedConfiguration) -> Result<(), StoreError> {
        let row = record::encode(applied)?;
        self.write_from_reserve(move |batch| {
            batch.put(table::APPLIED_CONFIGURATION, key::APPLIED_CONFIGURATION, &row);
            Ok(())
        })
        .await
    }
}

impl Record for AppliedConfiguration {
    const TABLE: TableName = table::APPLIED_CONFIGURATION;
}

/// The record stored under the name; `None` also if it cannot be read, so that an operator can
/// replace it.
fn stored<T: Record>(batch: &mut Batch<'_>, name: &ProfileName) -> Result<Option<T>, Failure> {
    Ok(batch.row(T::TABLE, name.as_str())?.and_then(|row| record::decode(&row).ok()))
}

impl Record for AcmeProfileRecord {
    const TABLE: TableName = table::ACME_PROFILE;
}

impl Record for RaProfileRecord {
    const TABLE: TableName = table::RA_PROFILE;
}
