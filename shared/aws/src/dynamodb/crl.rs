//! Revoked certificates by issuer and shard, and the last CRL of each.
//!
//! An item has at most 400 KB, and a CRL of ten thousand entries is larger. So the head item of a
//! CRL contains its fields and the first part of its DER, and further items contain the rest. Their
//! keys contain the digest of the whole CRL and they are written first, so that a head item always
//! finds its own parts, also under concurrent writes.

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    DynamoDbStore,
    condition::Condition,
    item::{Item, Record, corrupt, malformed},
    key,
    read::Consistency,
};
use store::{CrlRecord, CrlStore, IssuerId, OperationId, Retention, RevokedCertificate, StoreError};

#[async_trait]
impl CrlStore for DynamoDbStore {
    async fn revoked_certificates(
        &self,
        issuer: &IssuerId,
        shard: u16,
        ended_after: Timestamp,
    ) -> Result<Vec<RevokedCertificate>, StoreError> {
        let items = self.query(key::revoked_in(issuer, shard), Consistency::Strong).await?;
        let mut revoked: Vec<RevokedCertificate> = items.iter().map(Item::record).collect::<Result<_, _>>()?;
        revoked.retain(|certificate| certificate.not_after > ended_after);
        Ok(revoked)
    }

    async fn crl(&self, issuer: &IssuerId, shard: u16) -> Result<Option<CrlRecord>, StoreError> {
        let Some(head) = self.get(key::crl(issuer, shard), Consistency::Strong).await? else { return Ok(None) };
        let mut crl: CrlRecord = head.record()?;
        let further = head.number(FURTHER_PARTS).ok_or_else(|| malformed(CrlRecord::NAME))?;
        if further > 0 {
            let version = head.version().ok_or_else(|| malformed(CrlRecord::NAME))?;
            let parts = self.query(key::crl_parts(issuer, shard, version), Consistency::Strong).await?;
            parts.iter().filter_map(Item::der).for_each(|part| crl.der.extend_from_slice(part));
            if version_of(&crl)? != version {
                return Err(malformed(CrlRecord::NAME));
            }
        }
        Ok(Some(crl))
    }

    async fn put_crl(&self, crl: &CrlRecord) -> Result<(), StoreError> {
        let version = version_of(crl)?;
        let mut head = crl.clone();
        let further = head.der.split_off(head.der.len().min(PART));
        let mut parts = 0;
        for part in further.chunks(PART) {
            let key = key::crl_part(&crl.issuer, crl.shard, version, parts);
            let item = Item::new(key).with_der(part.to_vec()).with_expiry(self.retention.of_crl(crl));
            self.put(item, Condition::Always).await?;
            parts += 1;
        }
        let head = Item::of(key::crl(&crl.issuer, crl.shard), &head, &self.retention)?
            .with_version(version)
            .with_number(NUMBER, crl.number)
            .with_number(FURTHER_PARTS, parts as u64);
        self.put(head, Condition::NumberBelow(crl.number)).await?.accept(version)
    }
}

impl Record for CrlRecord {
    const NAME: &'static str = "CRL";

    fn kept_until(&self, retention: &Retention) -> Option<Timestamp> {
        Some(retention.of_crl(self))
    }

    fn der(&mut self) -> Option<&mut Vec<u8>> {
        Some(&mut self.der)
    }
}

/// A CRL comes without an operation id; its version is a digest of its contents. Only members that
/// every version of the program knows are included, so that each version finds the parts that
/// another one wrote.
fn version_of(crl: &CrlRecord) -> Result<OperationId, StoreError> {
    #[derive(Serialize)]
    struct Counting<'a> {
        issuer: &'a IssuerId,
        shard: u16,
        number: u64,
        this_update: Timestamp,
        next_update: Timestamp,
        #[serde(serialize_with = "jose::base64url::serialize")]
        der: &'a Vec<u8>,
    }
    let CrlRecord { issuer, shard, number, this_update, next_update, der, signer_request: _, made_at: _ } = crl;
    let (shard, number, this_update, next_update) = (*shard, *number, *this_update, *next_update);
    let counting = Counting { issuer, shard, number, this_update, next_update, der };
    let json = serde_json::to_vec(&counting).map_err(|error| corrupt(CrlRecord::NAME, error))?;
    let digest = digest(&SHA256, &json);
    let version = digest.as_ref().first_chunk().ok_or_else(|| malformed(CrlRecord::NAME))?;
    Ok(OperationId::from_random(*version))
}

/// The CRL number, which the next one must exceed.
const NUMBER: &str = "crl_number";
/// The number of further items with the rest of the DER.
const FURTHER_PARTS: &str = "further_parts";
/// Bytes of DER in one item, which leaves room for its other attributes within the limit of 400 KB.
const PART: usize = 384 << 10;
