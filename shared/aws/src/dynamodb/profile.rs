//! Profiles. They may be read a moment late: whoever changes them waits for that moment.

use acme::ProfileName;
use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    DynamoDbStore,
    condition::Condition,
    item::{Item, Record},
    key::{self, Key},
    read::Consistency,
    write::{MAX_TOGETHER, Write},
};
use store::{AcmeProfile, Page, ProfileChanges, ProfileSet, ProfileStore, RaProfile, Retention, StoreError};

#[async_trait]
impl ProfileStore for DynamoDbStore {
    async fn acme_profile(&self, name: &ProfileName) -> Result<Option<AcmeProfile>, StoreError> {
        let item = self.get(key::acme_profile(name), Consistency::Eventual).await?;
        item.map(|item| item.record()).transpose()
    }

    async fn ra_profile(&self, name: &ProfileName) -> Result<Option<RaProfile>, StoreError> {
        let item = self.get(key::ra_profile(name), Consistency::Eventual).await?;
        item.map(|item| item.record()).transpose()
    }

    async fn acme_profiles_page(
        &self,
        after: Option<&ProfileName>,
        limit: usize,
    ) -> Result<Page<AcmeProfile>, StoreError> {
        self.page(key::acme_profiles(), after.map(ProfileName::to_string), limit).await?.try_map(|item| item.record())
    }

    async fn ra_profiles_page(&self, after: Option<&ProfileName>, limit: usize) -> Result<Page<RaProfile>, StoreError> {
        self.page(key::ra_profiles(), after.map(ProfileName::to_string), limit).await?.try_map(|item| item.record())
    }

    async fn profiles(&self) -> Result<ProfileSet, StoreError> {
        let acme = self.query(key::acme_profiles(), Consistency::Strong).await?;
        let ra = self.query(key::ra_profiles(), Consistency::Strong).await?;
        Ok(ProfileSet {
            acme_profile: acme.iter().map(Item::record).collect::<Result<_, _>>()?,
            ra_profile: ra.iter().map(Item::record).collect::<Result<_, _>>()?,
        })
    }

    /// Beyond one transaction: what is new first and what leads to it after, then deletes. No profile that
    /// stays is ever missing.
    async fn apply_profiles(&self, changes: &ProfileChanges) -> Result<(), StoreError> {
        let ra =
            changes.put_ra.iter().map(|profile| Item::of(key::ra_profile(&profile.name), profile, &self.retention));
        let ra: Vec<Item> = ra.collect::<Result<_, _>>()?;
        let acme =
            changes.put_acme.iter().map(|profile| Item::of(key::acme_profile(&profile.name), profile, &self.retention));
        let acme: Vec<Item> = acme.collect::<Result<_, _>>()?;
        let gone = changes.delete_acme.iter().map(key::acme_profile);
        let gone: Vec<Key> = gone.chain(changes.delete_ra.iter().map(key::ra_profile)).collect();
        if changes.is_empty() {
            return Ok(());
        }
        if changes.len() <= MAX_TOGETHER {
            let puts = ra.into_iter().chain(acme).map(|item| Write::Put(item, Condition::Always));
            return self.transact_all(puts.chain(gone.into_iter().map(Write::Delete)).collect()).await;
        }
        self.put_all(ra).await?;
        self.put_all(acme).await?;
        self.delete_all(gone).await
    }
}

impl Record for AcmeProfile {
    const NAME: &'static str = "ACME Profile";

    fn kept_until(&self, _: &Retention) -> Option<Timestamp> {
        None
    }
}

impl Record for RaProfile {
    const NAME: &'static str = "RA Profile";

    fn kept_until(&self, _: &Retention) -> Option<Timestamp> {
        None
    }
}
