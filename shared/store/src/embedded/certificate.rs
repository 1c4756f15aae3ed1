//! Certificates, the revoked certificates of each CRL shard, and blocked keys.

use acme::CertificateId;
use async_trait::async_trait;
use jiff::Timestamp;
use jose::Thumbprint;

use super::{
    EmbeddedStore,
    change::Change,
    expiry, key,
    record::{IndexRow, Record},
    table::{self, TableName},
};
use crate::{
    CertificateEntry, CertificateRecord, CertificateStore, Retention, RevokedCertificate, StoreError, Versioned,
};

#[async_trait]
impl CertificateStore for EmbeddedStore {
    async fn intend_certificate(&self, certificate: &Versioned<CertificateRecord>) -> Result<(), StoreError> {
        let change = self.certificate_change(None, certificate)?;
        self.apply_from_reserve(vec![change]).await
    }

    async fn certificate(&self, id: &CertificateId) -> Result<Option<Versioned<CertificateRecord>>, StoreError> {
        self.read(|snapshot| snapshot.versioned(&key::certificate(id)))
    }

    async fn certificates(&self, ids: &[CertificateId]) -> Result<Vec<Versioned<CertificateRecord>>, StoreError> {
        self.read(|snapshot| {
            let found = ids.iter().map(|id| snapshot.versioned(&key::certificate(id)));
            Ok(found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
        })
    }

    async fn update_certificate(
        &self,
        before: &Versioned<CertificateRecord>,
        after: &Versioned<CertificateRecord>,
    ) -> Result<(), StoreError> {
        let mut change = self.certificate_change(Some(before), after)?;
        if let Some(entry) = RevokedCertificate::of(after).filter(|_| before.revocation != after.revocation) {
            let key = key::revoked(&after.issuer, after.crl_shard, after.id.serial());
            change = change.beside(key, &entry)?;
        }
        self.apply_from_reserve(vec![change]).await
    }

    async fn block_key(&self, key: &Thumbprint, at: Timestamp) -> Result<(), StoreError> {
        let key = key.to_string();
        self.write_from_reserve(move |batch| {
            if batch.row(table::BLOCKED_KEY, &key)?.is_none() {
                batch.put(table::BLOCKED_KEY, &key, at.to_string().as_bytes());
            }
            Ok(())
        })
        .await
    }

    async fn is_key_blocked(&self, key: &Thumbprint) -> Result<bool, StoreError> {
        self.read(|snapshot| Ok(snapshot.row(table::BLOCKED_KEY, &key.to_string(), |_| Ok(()))?.is_some()))
    }
}

impl EmbeddedStore {
    pub(super) fn certificate_change(
        &self,
        before: Option<&Versioned<CertificateRecord>>,
        after: &Versioned<CertificateRecord>,
    ) -> Result<Change, StoreError> {
        let change = Change::indexed(key::certificate(&after.id), before, after, &self.retention)?;
        // The index entries of its identifiers, its key and the end of its validity.
        let of_names = if before.is_none() { after.identifiers.len() + 1 } else { 0 };
        let is_keyed = before.is_some_and(|before| before.key.is_some());
        let entries = of_names + usize::from(after.key.is_some() && !is_keyed);
        Ok(change.implying(entries))
    }
}

impl Record for CertificateRecord {
    const TABLE: TableName = table::CERTIFICATE;

    fn index_rows(&self, retention: &Retention) -> Vec<IndexRow> {
        let entry = CertificateEntry { not_after: self.not_after, id: self.id.clone() };
        let names = self.identifiers.iter();
        let named = names.map(|name| IndexRow { table: table::NAMED, key: key::certificate_by_name(name, &entry) });
        let mut marks: Vec<IndexRow> = named.collect();
        let keyed = self.key.iter();
        marks.extend(keyed.map(|key| IndexRow { table: table::KEYED, key: key::certificate_by_key(key, &entry) }));
        marks.push(IndexRow { table: table::ENDING, key: key::certificate_ending(&entry) });
        marks.push(expiry::index_row(self, &key::certificate(&self.id), retention));
        marks
    }
}
