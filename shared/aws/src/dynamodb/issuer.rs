//! Issuers. They hardly ever change, so a read of one may be slightly stale. A read of all of them
//! is consistent, because the caller may just have created one. They have no version: an update
//! requires that the stored record is exactly the expected one.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    DynamoDbStore,
    condition::{Condition, Verdict},
    item::{Item, Record, malformed},
    key,
    read::Consistency,
};
use store::{Creation, IssuerId, IssuerRecord, IssuerStore, Retention, StoreError};

#[async_trait]
impl IssuerStore for DynamoDbStore {
    async fn create_issuer_if_absent(&self, issuer: &IssuerRecord) -> Result<Creation<IssuerRecord>, StoreError> {
        let item = Item::of(key::issuer(&issuer.id), issuer, &self.retention)?;
        match self.put(item, Condition::Absent).await? {
            Verdict::Held => Ok(Creation::Created),
            Verdict::Failed(Some(existing)) => Ok(Creation::Existing(existing.record()?)),
            Verdict::Failed(None) => Err(malformed(IssuerRecord::NAME)),
        }
    }

    async fn issuer(&self, id: &IssuerId) -> Result<Option<IssuerRecord>, StoreError> {
        let item = self.get(key::issuer(id), Consistency::Eventual).await?;
        item.map(|item| item.record()).transpose()
    }

    async fn update_issuer(&self, before: &IssuerRecord, after: &IssuerRecord) -> Result<(), StoreError> {
        let key = key::issuer(&after.id);
        let Some(stored) = self.get(key.clone(), Consistency::Strong).await? else { return Err(StoreError::Conflict) };
        let record: IssuerRecord = stored.record()?;
        if record == *after {
            return Ok(());
        }
        let (true, Some(text)) = (record == *before, stored.record_text()) else { return Err(StoreError::Conflict) };
        let item = Item::of(key, after, &self.retention)?;
        match self.put(item, Condition::Record(text.to_owned())).await? {
            Verdict::Failed(Some(stored)) if stored.record::<IssuerRecord>()? == *after => Ok(()),
            Verdict::Failed(_) => Err(StoreError::Conflict),
            Verdict::Held => Ok(()),
        }
    }

    async fn issuers(&self) -> Result<Vec<IssuerRecord>, StoreError> {
        let items = self.query(key::issuers(), Consistency::Strong).await?;
        items.iter().map(Item::record).collect()
    }
}

impl Record for IssuerRecord {
    const NAME: &'static str = "issuer";

    fn kept_until(&self, _: &Retention) -> Option<Timestamp> {
        None
    }
}
