//! Profiles.

use acme::ProfileName;
use async_trait::async_trait;

use super::{
    EmbeddedStore,
    record::{self, Record},
    table::{self, TableName},
};
use crate::{AcmeProfile, ProfileStore, RaProfile, StoreError};

#[async_trait]
impl ProfileStore for EmbeddedStore {
    async fn acme_profile(&self, name: &ProfileName) -> Result<Option<AcmeProfile>, StoreError> {
        self.read(|snapshot| snapshot.record(name.as_str()))
    }

    async fn ra_profile(&self, name: &ProfileName) -> Result<Option<RaProfile>, StoreError> {
        self.read(|snapshot| snapshot.record(name.as_str()))
    }

    async fn set_profiles(&self, acme: &[AcmeProfile], ra: &[RaProfile]) -> Result<(), StoreError> {
        let mut rows = Vec::with_capacity(acme.len() + ra.len());
        for profile in acme {
            rows.push((table::ACME_PROFILE, profile.name.to_string(), record::encode(profile)?));
        }
        for profile in ra {
            rows.push((table::RA_PROFILE, profile.name.to_string(), record::encode(profile)?));
        }
        self.write(move |batch| {
            batch.clear(table::ACME_PROFILE)?;
            batch.clear(table::RA_PROFILE)?;
            rows.iter().try_for_each(|(table, key, row)| batch.put(*table, key, row))
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
