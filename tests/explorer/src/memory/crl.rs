//! The revoked certificates of each CRL shard, and the CRLs.

use async_trait::async_trait;
use jiff::Timestamp;
use store::{CertificateRecord, CrlRecord, CrlStore, IssuerId, RevokedCertificate, StoreError};

use super::{Condition, MemoryStore};

#[async_trait]
impl CrlStore for MemoryStore {
    async fn revoked_certificates(
        &self,
        issuer: &IssuerId,
        shard: u16,
        ended_after: Timestamp,
    ) -> Result<Vec<RevokedCertificate>, StoreError> {
        let (tables, prefix) = (self.lock(), format!("{}/", crl_key(issuer, shard)));
        let of_shard = tables.revoked.iter().filter(|(key, _)| key.starts_with(&prefix)).map(|(_, revoked)| revoked);
        Ok(of_shard.filter(|revoked| revoked.not_after > ended_after).cloned().collect())
    }

    async fn crl(&self, issuer: &IssuerId, shard: u16) -> Result<Option<CrlRecord>, StoreError> {
        Ok(self.lock().crls.get(&crl_key(issuer, shard)).cloned())
    }

    async fn put_crl(&self, crl: &CrlRecord) -> Result<(), StoreError> {
        let (mut tables, key) = (self.lock(), crl_key(&crl.issuer, crl.shard));
        let stored = tables.crls.get(&key);
        if stored != Some(crl) {
            self.demands(Condition::CrlNumber, stored.is_none_or(|stored| stored.number < crl.number))?;
            tables.crls.insert(key, crl.clone());
        }
        Ok(())
    }
}

fn crl_key(issuer: &IssuerId, shard: u16) -> String {
    format!("{issuer}/{shard:05}")
}

/// The place of a revoked certificate among those of its shard.
pub(super) fn revoked_key(certificate: &CertificateRecord) -> String {
    let serial = certificate.id.serial().as_bytes();
    let digits: String = serial.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}/{digits:0>40}", crl_key(&certificate.issuer, certificate.crl_shard))
}
