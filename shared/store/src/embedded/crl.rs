//! Revoked certificates by issuer and shard, and the most recent CRL of each.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    EmbeddedStore, key,
    record::{self, Record},
    table::{self, TableName},
};
use crate::{CrlRecord, CrlStore, IssuerId, RevokedCertificate, StoreError};

#[async_trait]
impl CrlStore for EmbeddedStore {
    async fn revoked_certificates(
        &self,
        issuer: &IssuerId,
        shard: u16,
        ended_after: Timestamp,
    ) -> Result<Vec<RevokedCertificate>, StoreError> {
        let mut keys = key::revoked_in(issuer, shard);
        let mut revoked = Vec::new();
        loop {
            // Writes wait for a view, so each slice has one of its own. What was revoked before the
            // first of them is seen.
            let slice = self.read(|snapshot| snapshot.first_records::<RevokedCertificate>(&keys, SLICE))?;
            let (found, last) = slice;
            revoked.extend(found.into_iter().filter(|certificate| certificate.not_after > ended_after));
            match last {
                Some(last) => keys.start = last + "\0",
                None => return Ok(revoked),
            }
        }
    }

    async fn crl(&self, issuer: &IssuerId, shard: u16) -> Result<Option<CrlRecord>, StoreError> {
        self.read(|snapshot| snapshot.record(&key::crl(issuer, shard)))
    }

    async fn put_crl(&self, crl: &CrlRecord) -> Result<(), StoreError> {
        let (key, number, row) = (key::crl(&crl.issuer, crl.shard), crl.number, record::encode(crl)?);
        self.write_from_reserve(move |batch| {
            if let Some(stored) = batch.row(table::CRL, &key)? {
                if stored == row {
                    return Ok(());
                }
                if number_of(&stored)? >= number {
                    return Err(StoreError::Conflict.into());
                }
            }
            batch.put(table::CRL, &key, &row);
            Ok(())
        })
        .await
    }
}

impl Record for RevokedCertificate {
    const TABLE: TableName = table::REVOKED;
}

impl Record for CrlRecord {
    const TABLE: TableName = table::CRL;
}

/// Records that are decoded in a millisecond.
const SLICE: usize = 1_000;

/// Only the CRL number, because the writer does not need to decode the CRL.
fn number_of(row: &[u8]) -> Result<u64, StoreError> {
    #[derive(Deserialize)]
    struct Numbered {
        number: u64,
    }
    let crl: Numbered = serde_json::from_slice(row).map_err(|error| record::corrupt(table::CRL, error))?;
    Ok(crl.number)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU128;

    use acme::RevocationReason;

    use super::*;
    use crate::embedded::EngineOptions;

    #[tokio::test]
    async fn every_revoked_certificate_is_listed_however_many_slices_they_make() {
        let folder = tempfile::tempdir().unwrap();
        let store = EmbeddedStore::open(folder.path().join("store.redb"), EngineOptions::default()).unwrap();
        let issuer: IssuerId = "issuing".parse().unwrap();
        let entry = |number: usize| RevokedCertificate {
            serial: NonZeroU128::new(number as u128 + 1).unwrap().into(),
            at: Timestamp::UNIX_EPOCH,
            reason: RevocationReason::Superseded,
            not_after: Timestamp::MAX,
            raised_at: None,
        };
        let mut put = 0;
        for many in [0, 1, SLICE - 1, SLICE, SLICE + 1, 2 * SLICE, 2 * SLICE + 1] {
            let rows: Vec<_> = (put..many)
                .map(entry)
                .map(|entry| (key::revoked(&issuer, 0, &entry.serial), record::encode(&entry).unwrap()))
                .collect();
            let write = store.write(move |batch| {
                rows.iter().for_each(|(key, row)| batch.put(table::REVOKED, key, row));
                Ok(())
            });
            write.await.unwrap();
            put = many;
            let listed = store.revoked_certificates(&issuer, 0, Timestamp::UNIX_EPOCH).await.unwrap();
            assert!(listed.into_iter().eq((0..many).map(entry)), "{many}");
        }
    }
}
