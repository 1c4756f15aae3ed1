//! Issuers.

use async_trait::async_trait;
use store::{Creation, IssuerId, IssuerRecord, IssuerStore, StoreError};

use super::{Condition, MemoryStore};

#[async_trait]
impl IssuerStore for MemoryStore {
    async fn create_issuer_if_absent(&self, issuer: &IssuerRecord) -> Result<Creation<IssuerRecord>, StoreError> {
        let (mut tables, id) = (self.lock(), issuer.id.to_string());
        let existing = tables.issuers.get(&id).cloned();
        if let Some(existing) = existing
            && self.demands(Condition::NewIssuerId, false).is_err()
        {
            return Ok(Creation::Existing(existing));
        }
        tables.issuers.insert(id, issuer.clone());
        Ok(Creation::Created)
    }

    async fn issuer(&self, id: &IssuerId) -> Result<Option<IssuerRecord>, StoreError> {
        Ok(self.lock().issuers.get(id.as_str()).cloned())
    }

    async fn update_issuer(&self, before: &IssuerRecord, after: &IssuerRecord) -> Result<(), StoreError> {
        let (mut tables, id) = (self.lock(), after.id.to_string());
        let stored = tables.issuers.get(&id);
        if stored != Some(after) {
            self.demands(Condition::IssuerRecord, stored == Some(before))?;
            tables.issuers.insert(id, after.clone());
        }
        Ok(())
    }

    async fn issuers(&self) -> Result<Vec<IssuerRecord>, StoreError> {
        Ok(self.lock().issuers.values().cloned().collect())
    }
}
