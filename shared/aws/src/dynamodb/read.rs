//! Reads of one item, of several items, and of a partition.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::{
    operation::query::builders::QueryFluentBuilder,
    types::{AttributeValue, KeysAndAttributes},
};

use jiff::Timestamp;

use super::{
    DynamoDbStore,
    item::{self, Item},
    key::{Key, Keys, Sort},
    retry::{Retries, unavailable},
};
use store::{Page, StoreError};

/// Which writes a read sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consistency {
    /// All writes that were acknowledged before.
    Strong,
    /// All writes except the most recent ones (about a second), at half the price.
    Eventual,
}

impl DynamoDbStore {
    /// Reads one item; `None` if it does not exist.
    pub(super) async fn get(&self, key: Key, consistency: Consistency) -> Result<Option<Item>, StoreError> {
        let call = self
            .client()
            .await?
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .consistent_read(consistency == Consistency::Strong);
        let mut retries = Retries::default();
        loop {
            match call.clone().send().await {
                Ok(output) => return Ok(output.item.map(Item::from)),
                Err(error) => retries.after(error).await?,
            }
        }
    }

    /// Reads several items. Items that do not exist are left out. One item is a batch, too, so that
    /// the permission that a function needs does not depend on how many there are.
    pub(super) async fn get_all(&self, keys: BTreeSet<Key>) -> Result<BTreeMap<Key, Item>, StoreError> {
        let keys: Vec<Key> = keys.into_iter().collect();
        let mut found = BTreeMap::new();
        for keys in keys.chunks(MAX_READS) {
            let items = self.get_batch(keys).await?;
            found.extend(items.into_iter().filter_map(|item| Some((item.key()?, item))));
        }
        Ok(found)
    }

    /// All items of a partition, or of a part of it, in the order of their sort keys.
    pub(super) async fn query(&self, keys: Keys, consistency: Consistency) -> Result<Vec<Item>, StoreError> {
        self.pages(self.partition(keys, consistency).await?, usize::MAX).await
    }

    /// The items of a part of a partition whose attribute is a time from `from` (inclusive) to
    /// `until` (exclusive). All items of the part are read, and paid for; only these are sent.
    pub(super) async fn query_within(
        &self,
        keys: Keys,
        attribute: &str,
        (from, until): (Timestamp, Timestamp),
    ) -> Result<Vec<Item>, StoreError> {
        let query = self.partition(keys, Consistency::Eventual).await?.expression_attribute_names("#at", attribute);
        let query = query
            .filter_expression("#at >= :from AND #at < :until")
            .expression_attribute_values(":from", item::seconds(from))
            .expression_attribute_values(":until", item::seconds(until));
        self.pages(query, usize::MAX).await
    }

    /// The first items of a part of a partition, at most `limit`.
    pub(super) async fn query_first(&self, keys: Keys, limit: usize) -> Result<Vec<Item>, StoreError> {
        let query = self.partition(keys, Consistency::Strong).await?;
        self.pages(query.limit(i32::try_from(limit).unwrap_or(i32::MAX)), limit).await
    }

    /// The last items of a part of a partition, last first, at most `limit`.
    pub(super) async fn query_last(&self, keys: Keys, limit: usize) -> Result<Vec<Item>, StoreError> {
        let query = self.partition(keys, Consistency::Strong).await?.scan_index_forward(false);
        let query = query.limit(i32::try_from(limit).unwrap_or(i32::MAX));
        self.pages(query, limit).await
    }

    /// A page of a whole partition: the items after the sort key `after`, in their order, at most
    /// `limit`.
    pub(super) async fn page(&self, keys: Keys, after: Option<String>, limit: usize) -> Result<Page<Item>, StoreError> {
        let keys = Keys { sk: after.map_or(keys.sk, Sort::After), ..keys };
        let items = self.query_first(keys, limit.saturating_add(1)).await?;
        Ok(Page::of(items, limit))
    }

    async fn get_batch(&self, keys: &[Key]) -> Result<Vec<Item>, StoreError> {
        let keys = keys.iter().map(|key| key.clone().attributes()).collect();
        let wanted =
            KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build().map_err(unavailable)?;
        let mut rest = HashMap::from([(self.table.clone(), wanted)]);
        let mut found = Vec::new();
        let mut retries = Retries::default();
        loop {
            match self.client().await?.batch_get_item().set_request_items(Some(rest.clone())).send().await {
                Ok(output) => {
                    found.extend(output.responses.into_iter().flatten().flat_map(|(_, items)| items).map(Item::from));
                    rest = output.unprocessed_keys.unwrap_or_default();
                    if rest.is_empty() {
                        return Ok(found);
                    }
                    retries.for_the_rest().await?;
                }
                Err(error) => retries.after(error).await?,
            }
        }
    }

    async fn partition(&self, keys: Keys, consistency: Consistency) -> Result<QueryFluentBuilder, StoreError> {
        let query = self
            .client()
            .await?
            .query()
            .table_name(&self.table)
            .expression_attribute_values(":pk", AttributeValue::S(keys.pk))
            .consistent_read(consistency == Consistency::Strong);
        Ok(match keys.sk {
            Sort::All => query.key_condition_expression("pk = :pk"),
            Sort::Before(sk) => query
                .key_condition_expression("pk = :pk AND sk < :sk")
                .expression_attribute_values(":sk", AttributeValue::S(sk)),
            Sort::After(sk) => query
                .key_condition_expression("pk = :pk AND sk > :sk")
                .expression_attribute_values(":sk", AttributeValue::S(sk)),
            Sort::Between(first, last) => query
                .key_condition_expression("pk = :pk AND sk BETWEEN :sk AND :last")
                .expression_attribute_values(":sk", AttributeValue::S(first))
                .expression_attribute_values(":last", AttributeValue::S(last)),
            Sort::BeginningWith(sk) => query
                .key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
                .expression_attribute_values(":sk", AttributeValue::S(sk)),
        })
    }

    async fn pages(&self, query: QueryFluentBuilder, limit: usize) -> Result<Vec<Item>, StoreError> {
        let mut found = Vec::new();
        let mut behind = None;
        let mut retries = Retries::default();
        loop {
            match query.clone().set_exclusive_start_key(behind.clone()).send().await {
                Ok(output) => {
                    found.extend(output.items.into_iter().flatten().map(Item::from));
                    behind = output.last_evaluated_key;
                    if behind.is_none() || found.len() >= limit {
                        found.truncate(limit);
                        return Ok(found);
                    }
                    retries = Retries::default();
                }
                Err(error) => retries.after(error).await?,
            }
        }
    }
}

/// The maximum number of items in one BatchGetItem.
const MAX_READS: usize = 100;
