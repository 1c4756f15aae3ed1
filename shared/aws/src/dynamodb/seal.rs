//! Seals, in one partition, in the order of their chain: one is written a day. The receipts of many
//! certificates are read with the entries of the ends of their validity.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    DynamoDbStore,
    condition::Condition,
    item::{Item, Record},
    key,
};
use store::{CertificateEntry, Page, Receipt, Retention, Seal, SealPlace, SealStore, StoreError, Versioned};

#[async_trait]
impl SealStore for DynamoDbStore {
    /// Without the grounds, which are with the entries of the names.
    async fn receipts_ending(
        &self,
        from: Timestamp,
        until: Timestamp,
        after: Option<&CertificateEntry>,
        limit: usize,
    ) -> Result<Page<(CertificateEntry, Option<Receipt>)>, StoreError> {
        let found = self.items_ending(from, until, after, limit.saturating_add(1)).await?;
        Page::of(found, limit)
            .try_map(|(entry, item)| Ok((entry, item.has_record().then(|| item.record()).transpose()?)))
    }

    async fn seals(&self, after: Option<SealPlace>, limit: usize) -> Result<Page<Seal>, StoreError> {
        let items = self.query_first(key::seals(after), limit.saturating_add(1)).await?;
        Page::of(items, limit).try_map(|item| item.record())
    }

    async fn last_seal(&self, before: Option<SealPlace>) -> Result<Option<Seal>, StoreError> {
        self.query_last(key::seals_before(before), 1).await?.first().map(Item::record).transpose()
    }

    async fn put_seal(&self, seal: &Versioned<Seal>) -> Result<(), StoreError> {
        let item = Item::of_versioned(key::seal(seal.place), seal, &self.retention)?;
        self.put(item, Condition::Absent).await?.accept(seal.version)
    }
}

impl Record for Seal {
    const NAME: &'static str = "seal";

    /// The chain is kept for ever: it has no names, and some 50 octets for each certificate.
    fn kept_until(&self, _: &Retention) -> Option<Timestamp> {
        None
    }
}
