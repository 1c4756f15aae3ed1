//! What operators' acts and scheduled work leave behind: audit records, grants of enrolment,
//! incidents, seals, and the position of the expiry watch.

use acme::AuditId;
use async_trait::async_trait;
use jiff::Timestamp;
use store::{
    AuditRecord, AuditStore, EnrolmentGrant, ExpiryWatch, GrantStore, IamPrincipal, Incident, IncidentStore,
    OperationId, Page, Seal, SealPlace, SealStore, Sha256Digest, StoreError, Versioned, WatchStore,
};

use super::{Condition, MemoryStore, ONLY};

#[async_trait]
impl AuditStore for MemoryStore {
    async fn append_audit(&self, record: &AuditRecord) -> Result<(), StoreError> {
        // A record never changes, so its version does not matter.
        let row = Versioned::new(record.clone(), OperationId::from_random([0; 16]));
        self.replace(&mut self.lock().audit, record.id.to_string(), None, &row, Condition::NewAuditId)
    }

    async fn audit(&self, before: Option<AuditId>, limit: usize) -> Result<Page<AuditRecord>, StoreError> {
        let tables = self.lock();
        let newest_first = tables.audit.values().rev().map(|row| &row.value);
        let older = newest_first.filter(|record| before.is_none_or(|before| record.id < before));
        Ok(Page::of(older.cloned().collect(), limit))
    }
}

#[async_trait]
impl GrantStore for MemoryStore {
    async fn put_grant(
        &self,
        before: Option<OperationId>,
        after: &Versioned<EnrolmentGrant>,
    ) -> Result<(), StoreError> {
        let key = format!("{}#{}", after.principal, after.profile);
        self.replace(&mut self.lock().grants, key, before, after, Condition::GrantVersion)
    }

    async fn grants(&self, to: Option<&IamPrincipal>) -> Result<Vec<Versioned<EnrolmentGrant>>, StoreError> {
        let tables = self.lock();
        let grants = tables.grants.values();
        Ok(grants.filter(|grant| to.is_none_or(|principal| grant.principal == *principal)).cloned().collect())
    }
}

#[async_trait]
impl IncidentStore for MemoryStore {
    async fn put_incident(&self, before: Option<OperationId>, after: &Versioned<Incident>) -> Result<(), StoreError> {
        let condition = Condition::IncidentVersion;
        self.replace(&mut self.lock().incidents, after.id.to_string(), before, after, condition)
    }

    async fn incidents(&self) -> Result<Vec<Versioned<Incident>>, StoreError> {
        Ok(self.lock().incidents.values().cloned().collect())
    }
}

#[async_trait]
impl SealStore for MemoryStore {
    async fn receipts_written(
        &self,
        from: Timestamp,
        until: Timestamp,
        latest: Timestamp,
    ) -> Result<Vec<Sha256Digest>, StoreError> {
        let tables = self.lock();
        let ending = tables.certificates.values().filter(|record| (from..latest).contains(&record.not_after));
        let receipts = ending.filter_map(|record| Some((&record.id, record.receipt.as_ref()?)));
        let written = receipts.filter(|(_, receipt)| (from..until).contains(&receipt.at));
        Ok(written.map(|(id, receipt)| receipt.digest(id).expect("a document")).collect())
    }

    async fn seals(&self, after: Option<SealPlace>, limit: usize) -> Result<Page<Seal>, StoreError> {
        let tables = self.lock();
        let later = tables.seals.values().filter(|seal| after.is_none_or(|after| seal.place > after));
        Ok(Page::of(later.map(|seal| seal.value.clone()).collect(), limit))
    }

    async fn last_seal(&self, before: Option<SealPlace>) -> Result<Option<Seal>, StoreError> {
        let tables = self.lock();
        let earlier = |seal: &&Versioned<Seal>| before.is_none_or(|before| seal.place < before);
        Ok(tables.seals.values().rev().find(earlier).map(|seal| seal.value.clone()))
    }

    async fn put_seal(&self, seal: &Versioned<Seal>) -> Result<(), StoreError> {
        let key = format!("{:012}#{:010}", seal.place.from.as_second(), seal.place.part);
        self.replace(&mut self.lock().seals, key, None, seal, Condition::NewSealPlace)
    }
}

#[async_trait]
impl WatchStore for MemoryStore {
    async fn expiry_watch(&self) -> Result<Option<Versioned<ExpiryWatch>>, StoreError> {
        Ok(self.lock().watch.get(ONLY).cloned())
    }

    async fn put_expiry_watch(
        &self,
        before: Option<OperationId>,
        after: &Versioned<ExpiryWatch>,
    ) -> Result<(), StoreError> {
        self.replace(&mut self.lock().watch, ONLY.to_owned(), before, after, Condition::WatchVersion)
    }
}
