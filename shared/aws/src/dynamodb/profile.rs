//! Profiles. Reads may be slightly stale; callers that change profiles wait for that time.

use acme::ProfileName;
use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    DynamoDbStore,
    condition::Condition,
    item::{Item, Record},
    key::{self, Key, Keys},
    read::Consistency,
    write::{MAX_TOGETHER, Write},
};
use store::{
    AcmeProfile, AcmeProfileRecord, AppliedConfiguration, Page, ProfileChanges, ProfileSet, ProfileStore, RaProfile,
    RaProfileRecord, Retention, StoreError,
};

#[async_trait]
impl ProfileStore for DynamoDbStore {
    async fn acme_profile(&self, name: &ProfileName) -> Result<Option<AcmeProfile>, StoreError> {
        let item = self.get(key::acme_profile(name), Consistency::Eventual).await?;
        item.map(|item| acme_profile(&item)).transpose()
    }

    async fn ra_profile(&self, name: &ProfileName) -> Result<Option<RaProfile>, StoreError> {
        let item = self.get(key::ra_profile(name), Consistency::Eventual).await?;
        item.map(|item| ra_profile(&item)).transpose()
    }

    async fn acme_profiles_page(
        &self,
        after: Option<&ProfileName>,
        limit: usize,
    ) -> Result<Page<AcmeProfile>, StoreError> {
        self.page(key::acme_profiles(), after.map(ProfileName::to_string), limit)
            .await?
            .try_map(|item| acme_profile(&item))
    }

    async fn ra_profiles_page(&self, after: Option<&ProfileName>, limit: usize) -> Result<Page<RaProfile>, StoreError> {
        self.page(key::ra_profiles(), after.map(ProfileName::to_string), limit).await?.try_map(|item| ra_profile(&item))
    }

    async fn profiles(&self) -> Result<ProfileSet, StoreError> {
        let acme = self.query(key::acme_profiles(), Consistency::Strong).await?;
        let ra = self.query(key::ra_profiles(), Consistency::Strong).await?;
        Ok(ProfileSet {
            acme_profile: acme.iter().map(acme_profile).collect::<Result<_, _>>()?,
            ra_profile: ra.iter().map(ra_profile).collect::<Result<_, _>>()?,
        })
    }

    /// More than one transaction: new profiles first, then those that refer to them, then deletes.
    /// No profile that stays is ever missing.
    async fn apply_profiles(&self, changes: &ProfileChanges) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        // Members that newer versions wrote are kept; a record that cannot be read is replaced.
        let stored: Vec<AcmeProfileRecord> = self.stored(key::acme_profiles(), changes.put_acme.is_empty()).await?;
        let acme = changes.put_acme.iter().map(|profile| {
            let stored = stored.iter().find(|stored| *stored.name() == profile.name);
            Item::of(key::acme_profile(&profile.name), &AcmeProfileRecord::of(profile, stored), &self.retention)
        });
        let acme: Vec<Item> = acme.collect::<Result<_, _>>()?;
        let stored: Vec<RaProfileRecord> = self.stored(key::ra_profiles(), changes.put_ra.is_empty()).await?;
        let ra = changes.put_ra.iter().map(|profile| {
            let stored = stored.iter().find(|stored| *stored.name() == profile.name);
            Item::of(key::ra_profile(&profile.name), &RaProfileRecord::of(profile, stored), &self.retention)
        });
        let ra: Vec<Item> = ra.collect::<Result<_, _>>()?;
        let gone = changes.delete_acme.iter().map(key::acme_profile);
        let gone: Vec<Key> = gone.chain(changes.delete_ra.iter().map(key::ra_profile)).collect();
        if changes.len() <= MAX_TOGETHER {
            let puts = ra.into_iter().chain(acme).map(|item| Write::Put(item, Condition::Always));
            return self.transact_all(puts.chain(gone.into_iter().map(Write::Delete)).collect()).await;
        }
        self.put_all(ra).await?;
        self.put_all(acme).await?;
        self.delete_all(gone).await
    }

    async fn applied_configuration(&self) -> Result<Option<AppliedConfiguration>, StoreError> {
        let item = self.get(key::applied_configuration(), Consistency::Strong).await?;
        item.map(|item| item.record()).transpose()
    }

    async fn put_applied_configuration(&self, applied: &AppliedConfiguration) -> Result<(), StoreError> {
        let item = Item::of(key::applied_configuration(), applied, &self.retention)?;
        self.put(item, Condition::Always).await.map(drop)
    }
}

impl Record for AppliedConfiguration {
    const NAME: &'static str = "applied configuration";

    fn kept_until(&self, _: &Retention) -> Option<Timestamp> {
        None
    }
}

impl DynamoDbStore {
    /// The readable records of a kind; none when they are not needed.
    async fn stored<T: Record>(&self, keys: Keys, needless: bool) -> Result<Vec<T>, StoreError> {
        if needless {
            return Ok(Vec::new());
        }
        let items = self.query(keys, Consistency::Strong).await?;
        Ok(items.iter().filter_map(|item| item.record().ok()).collect())
    }
}

fn acme_profile(item: &Item) -> Result<AcmeProfile, StoreError> {
    Ok(item.record::<AcmeProfileRecord>()?.into())
}

fn ra_profile(item: &Item) -> Result<RaProfile, StoreError> {
    Ok(item.record::<RaProfileRecord>()?.into())
}

impl Record for AcmeProfileRecord {
    const NAME: &'static str = "ACME Profile";

    fn kept_until(&self, _: &Retention) -> Option<Timestamp> {
        None
    }
}

impl Record for RaProfileRecord {
    const NAME: &'static str = "RA Profile";

    fn kept_until(&self, _: &Retention) -> Option<Timestamp> {
        None
    }
}
