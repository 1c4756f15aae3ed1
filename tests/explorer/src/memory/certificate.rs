//! Certificates and blocked keys.

use acme::CertificateId;
use async_trait::async_trait;
use jiff::Timestamp;
use jose::Thumbprint;
use store::{CertificateRecord, CertificateStore, RevokedCertificate, StoreError, Versioned};

use super::{Condition, MemoryStore, crl};

#[async_trait]
impl CertificateStore for MemoryStore {
    async fn intend_certificate(&self, certificate: &Versioned<CertificateRecord>) -> Result<(), StoreError> {
        let (mut tables, id) = (self.lock(), certificate.id.to_string());
        self.replace(&mut tables.certificates, id, None, certificate, Condition::IntendedId)
    }

    async fn certificate(&self, id: &CertificateId) -> Result<Option<Versioned<CertificateRecord>>, StoreError> {
        Ok(self.lock().certificates.get(&id.to_string()).cloned())
    }

    async fn certificates(&self, ids: &[CertificateId]) -> Result<Vec<Versioned<CertificateRecord>>, StoreError> {
        let tables = self.lock();
        Ok(ids.iter().filter_map(|id| tables.certificates.get(&id.to_string())).cloned().collect())
    }

    async fn update_certificate(
        &self,
        before: &Versioned<CertificateRecord>,
        after: &Versioned<CertificateRecord>,
    ) -> Result<(), StoreError> {
        let (mut tables, id) = (self.lock(), after.id.to_string());
        let condition = Condition::CertificateVersion;
        self.replace(&mut tables.certificates, id, Some(before.version), after, condition)?;
        if let Some(entry) = RevokedCertificate::of(after).filter(|_| before.revocation != after.revocation) {
            tables.revoked.insert(crl::revoked_key(after), entry);
        }
        Ok(())
    }

    async fn block_key(&self, key: &Thumbprint, at: Timestamp) -> Result<(), StoreError> {
        let (mut tables, key) = (self.lock(), key.to_string());
        let is_new = !tables.blocked_keys.contains_key(&key);
        if self.demands(Condition::BlockedKey, is_new).is_ok() {
            tables.blocked_keys.insert(key, at);
        }
        Ok(())
    }

    async fn is_key_blocked(&self, key: &Thumbprint) -> Result<bool, StoreError> {
        Ok(self.lock().blocked_keys.contains_key(&key.to_string()))
    }
}
