//! Certificates, the entries of CRLs for revoked ones, and blocked keys.

use acme::CertificateId;
use async_trait::async_trait;
use jiff::Timestamp;
use jose::Thumbprint;

use super::{
    DynamoDbStore,
    condition::Condition,
    item::{Item, Record},
    key::{self, Key},
    read::Consistency,
    write::Write,
};
use store::{
    BlockedKey, CertificateEntry, CertificateRecord, CertificateStore, Receipt, Retention, RevokedCertificate,
    StoreError, Versioned,
};

#[async_trait]
impl CertificateStore for DynamoDbStore {
    /// The index entries are written concurrently: nothing is signed before both writes have
    /// succeeded.
    async fn intend_certificate(&self, certificate: &Versioned<CertificateRecord>) -> Result<(), StoreError> {
        let item = self.certificate_item(certificate)?;
        let entries = self.put_all(self.certificate_entries(certificate)?);
        let ((), verdict) = tokio::try_join!(entries, self.put(item, Condition::Absent))?;
        verdict.accept(certificate.version)
    }

    async fn certificate(&self, id: &CertificateId) -> Result<Option<Versioned<CertificateRecord>>, StoreError> {
        let item = self.get(key::certificate(id), Consistency::Strong).await?;
        item.map(|item| item.versioned()).transpose()
    }

    async fn certificates(&self, ids: &[CertificateId]) -> Result<Vec<Versioned<CertificateRecord>>, StoreError> {
        let keys: Vec<Key> = ids.iter().map(key::certificate).collect();
        let items = self.get_all(keys.iter().cloned().collect()).await?;
        keys.iter().filter_map(|key| items.get(key)).map(Item::versioned).collect()
    }

    /// It is with the entry of the end of the validity, and its grounds with those of the names.
    async fn receipt(&self, certificate: &CertificateRecord) -> Result<Option<Receipt>, StoreError> {
        let entry = CertificateEntry { not_after: certificate.not_after, id: certificate.id.clone() };
        let ending = self.get(key::certificate_ending(&entry), Consistency::Strong).await?;
        let Some(ending) = ending.filter(Item::has_record) else { return Ok(None) };
        let mut receipt: Receipt = ending.record()?;
        let names = certificate.identifiers.iter().map(|name| key::certificate_by_name(name, &entry));
        let keys: Vec<Key> = names.collect();
        let named = self.get_all(keys.iter().cloned().collect()).await?;
        let grounds = keys.iter().filter_map(|key| named.get(key)).filter(|entry| entry.has_record());
        receipt.grounds = grounds.map(Item::record).collect::<Result<_, _>>()?;
        Ok(Some(receipt))
    }

    async fn update_certificate(
        &self,
        before: &Versioned<CertificateRecord>,
        after: &Versioned<CertificateRecord>,
    ) -> Result<(), StoreError> {
        let (item, condition) = (self.certificate_item(after)?, Condition::Version(before.version));
        let verdict = match RevokedCertificate::of(after) {
            Some(entry) if before.revocation != after.revocation => {
                let key = key::revoked(&after.issuer, after.crl_shard, after.id.serial());
                let entry = Item::of(key, &entry, &self.retention)?;
                let writes = [Write::Put(item, condition), Write::Put(entry, Condition::Always)];
                let [verdict, _] = self.transact(after.version, writes).await?;
                verdict
            }
            _ => {
                // The index entry of a key that is newly recorded.
                let entries = self.put_each(self.key_entry(before.key.as_ref(), after).into_iter().collect());
                tokio::try_join!(entries, self.put(item, condition))?.1
            }
        };
        verdict.accept(after.version)
    }

    async fn block_key(&self, key: &Thumbprint, at: Timestamp) -> Result<(), StoreError> {
        let record = BlockedKey { key: *key, at };
        // The time of the first blocking stays.
        for key in [key::blocked_key(key), key::listed_blocked_key(key)] {
            self.put(Item::of(key, &record, &self.retention)?, Condition::Absent).await?;
        }
        Ok(())
    }

    async fn is_key_blocked(&self, key: &Thumbprint) -> Result<bool, StoreError> {
        Ok(self.get(key::blocked_key(key), Consistency::Strong).await?.is_some())
    }
}

impl DynamoDbStore {
    fn certificate_item(&self, certificate: &Versioned<CertificateRecord>) -> Result<Item, StoreError> {
        Item::of_versioned(key::certificate(&certificate.id), certificate, &self.retention)
    }
}

impl Record for RevokedCertificate {
    const NAME: &'static str = "revoked certificate";

    fn kept_until(&self, retention: &Retention) -> Option<Timestamp> {
        Some(retention.of_revoked(self))
    }
}

impl Record for BlockedKey {
    const NAME: &'static str = "blocked key";

    fn kept_until(&self, retention: &Retention) -> Option<Timestamp> {
        Some(retention.of_blocked_key(self.at))
    }
}
