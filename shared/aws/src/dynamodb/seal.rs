//! Seals, in one partition, in the order of their chain: one is written a day. The receipts of many
//! certificates are read with the entries of the ends of their validity.

use async_trait::async_trait;
use futures_util::future::try_join_all;
use jiff::Timestamp;

use super::{
    DynamoDbStore,
    condition::Condition,
    item::{self, Item, Record},
    key,
    lookup::{self, MADE},
};
use store::{Page, Receipt, Retention, Seal, SealPlace, SealStore, Sha256Digest, StoreError, Versioned};

#[async_trait]
impl SealStore for DynamoDbStore {
    /// What was written in the period is picked out by DynamoDB, so that only this is sent.
    async fn receipts_written(
        &self,
        from: Timestamp,
        until: Timestamp,
        latest: Timestamp,
    ) -> Result<Vec<Sha256Digest>, StoreError> {
        let mut digests = Vec::new();
        let mut days = key::days(from, latest).peekable();
        while days.peek().is_some() {
            let some: Vec<String> = days.by_ref().take(MAX_DAYS).collect();
            let shards = some.iter().flat_map(|day| (0..key::ENDING_SHARDS).map(move |shard| (day, shard)));
            let look = |(day, shard): (&String, u8)| {
                self.query_within(key::certificates_ending(day, shard, from, latest, None), MADE, (from, until))
            };
            for item in try_join_all(shards.map(look)).await?.iter().flatten() {
                let (receipt, entry) = (item.record::<Receipt>()?, lookup::entry(item)?);
                digests.push(receipt.digest(&entry.id).map_err(|error| item::corrupt(Receipt::NAME, error))?);
            }
        }
        Ok(digests)
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

/// The maximum number of days that are queried concurrently.
const MAX_DAYS: usize = 8;
