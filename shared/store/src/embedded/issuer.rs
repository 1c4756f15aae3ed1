//! Issuers.

use async_trait::async_trait;

use super::{
    EmbeddedStore,
    record::{self, Record},
    table::{self, TableName},
};
use crate::{Creation, IssuerId, IssuerRecord, IssuerStore, StoreError};

#[async_trait]
impl IssuerStore for EmbeddedStore {
    async fn create_issuer_if_absent(&self, issuer: &IssuerRecord) -> Result<Creation<IssuerRecord>, StoreError> {
        let (key, row) = (issuer.id.to_string(), record::encode(issuer)?);
        let existing = self
            .write_from_reserve(move |batch| {
                let existing = batch.row(table::ISSUER, &key)?;
                if existing.is_none() {
                    batch.put(table::ISSUER, &key, &row);
                }
                Ok(existing)
            })
            .await?;
        Ok(match existing {
            None => Creation::Created,
            Some(row) => Creation::Existing(record::decode(&row)?),
        })
    }

    async fn issuer(&self, id: &IssuerId) -> Result<Option<IssuerRecord>, StoreError> {
        self.read(|snapshot| snapshot.record(id.as_str()))
    }

    async fn update_issuer(&self, before: &IssuerRecord, after: &IssuerRecord) -> Result<(), StoreError> {
        let (key, row) = (after.id.to_string(), record::encode(after)?);
        let (before, after) = (before.clone(), after.clone());
        self.write_from_reserve(move |batch| {
            let stored = batch.row(table::ISSUER, &key)?.map(|row| record::decode::<IssuerRecord>(&row)).transpose()?;
            match stored {
                Some(stored) if stored == after => Ok(()),
                Some(stored) if stored == before => {
                    batch.put(table::ISSUER, &key, &row);
                    Ok(())
                }
                _ => Err(StoreError::Conflict.into()),
            }
        })
        .await
    }

    async fn issuers(&self) -> Result<Vec<IssuerRecord>, StoreError> {
        self.read(|snapshot| snapshot.all())
    }
}

impl Record for IssuerRecord {
    const TABLE: TableName = table::ISSUER;
}
