//! Seals, in the order of their chain, and the receipts of many certificates.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    EmbeddedStore,
    change::Change,
    key,
    lookup::entries,
    record::Record,
    table::{self, TableName},
};
use crate::{CertificateEntry, CertificateRecord, Page, Receipt, Seal, SealPlace, SealStore, StoreError, Versioned};

#[async_trait]
impl SealStore for EmbeddedStore {
    async fn receipts_ending(
        &self,
        from: Timestamp,
        until: Timestamp,
        after: Option<&CertificateEntry>,
        limit: usize,
    ) -> Result<Page<(CertificateEntry, Option<Receipt>)>, StoreError> {
        if from >= until {
            return Ok(Page::default());
        }
        self.read(|snapshot| {
            let keys = key::certificates_ending(from, until, after);
            let keys = snapshot.first_keys(table::ENDING, keys, limit.saturating_add(1))?;
            entries(snapshot, keys, table::ENDING, limit)?.try_map(|entry| {
                let record = snapshot.versioned::<CertificateRecord>(&key::certificate(&entry.id))?;
                Ok((entry, record.and_then(|record| record.value.receipt)))
            })
        })
    }

    async fn seals(&self, after: Option<SealPlace>, limit: usize) -> Result<Page<Seal>, StoreError> {
        let after = after.map(key::seal);
        let page = self.read(|snapshot| snapshot.versioned_page::<Seal>(after.as_deref(), limit))?;
        page.try_map(|seal| Ok(seal.value))
    }

    async fn last_seal(&self, before: Option<SealPlace>) -> Result<Option<Seal>, StoreError> {
        let before = before.map(key::seal);
        let page = self.read(|snapshot| snapshot.versioned_page_back::<Seal>(before.as_deref(), 1))?;
        Ok(page.items.into_iter().next().map(|seal| seal.value))
    }

    async fn put_seal(&self, seal: &Versioned<Seal>) -> Result<(), StoreError> {
        self.apply_from_reserve(vec![Change::new(key::seal(seal.place), None, seal)?]).await
    }
}

impl Record for Seal {
    const TABLE: TableName = table::SEAL;
}
