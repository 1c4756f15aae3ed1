//! Seals, in the order of their chain, and the digests of receipts.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    EmbeddedStore,
    change::Change,
    key,
    lookup::entries,
    record::{self, Record},
    table::{self, TableName},
};
use crate::{
    CertificateEntry, CertificateRecord, Page, Seal, SealPlace, SealStore, Sha256Digest, StoreError, Versioned,
};

#[async_trait]
impl SealStore for EmbeddedStore {
    async fn receipts_written(
        &self,
        from: Timestamp,
        until: Timestamp,
        latest: Timestamp,
    ) -> Result<Vec<Sha256Digest>, StoreError> {
        let (mut digests, mut after): (Vec<_>, Option<CertificateEntry>) = (Vec::new(), None);
        if from >= latest {
            return Ok(digests);
        }
        loop {
            // Writes wait for a view, so each slice has one of its own.
            let (written, last) = self.read(|snapshot| {
                let keys = key::certificates_ending(from, latest, after.as_ref());
                let keys = snapshot.first_keys(table::ENDING, keys, SLICE)?;
                let entries = entries(snapshot, keys, table::ENDING, SLICE)?.items;
                let mut written = Vec::new();
                for entry in &entries {
                    let record = snapshot.versioned::<CertificateRecord>(&key::certificate(&entry.id))?;
                    let receipt = record.and_then(|record| record.value.receipt);
                    if let Some(receipt) = receipt.filter(|receipt| from <= receipt.at && receipt.at < until) {
                        let digest = receipt.digest(&entry.id);
                        written.push(digest.map_err(|error| record::corrupt(table::CERTIFICATE, error))?);
                    }
                }
                let is_full = entries.len() == SLICE;
                Ok((written, entries.into_iter().next_back().filter(|_| is_full)))
            })?;
            digests.extend(written);
            if last.is_none() {
                break;
            }
            after = last;
        }
        Ok(digests)
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

/// Records that are decoded in some milliseconds.
const SLICE: usize = 200;
