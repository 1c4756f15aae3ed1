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
        self.read(|snapshot| {
            let mut revoked: Vec<RevokedCertificate> = snapshot.records(key::revoked_in(issuer, shard))?;
            revoked.retain(|certificate| certificate.not_after > ended_after);
            Ok(revoked)
        })
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

/// Only the CRL number, because the writer does not need to decode the CRL.
fn number_of(row: &[u8]) -> Result<u64, StoreError> {
    #[derive(Deserialize)]
    struct Numbered {
        number: u64,
    }
    let crl: Numbered = serde_json::from_slice(row).map_err(|error| record::corrupt(table::CRL, error))?;
    Ok(crl.number)
}
