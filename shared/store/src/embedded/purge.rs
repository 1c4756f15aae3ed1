//! The purge: records that are no longer needed are deleted.

use acme::{Account, Authorization, Order};
use jiff::Timestamp;

use super::{
    EmbeddedStore,
    batch::Batch,
    expiry::Expiring,
    failure::Failure,
    key,
    limit::Counter,
    record::{self, Record},
    table,
};
use crate::{AuditRecord, CertificateRecord, ExternalAccountKey, Incident, Retention, StoreError};

impl EmbeddedStore {
    /// Deletes records that are no longer needed at `now`, and forgets redeemed nonces that can no
    /// longer be presented. If the disk was full and has room again, everything is written from
    /// then on. Examines at most `limit` records, so that other writes do not wait long.
    /// Returns the number examined: when it is `limit`, there may be more.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn purge(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let (retention, reserve) = (self.retention, self.reserve.clone());
        let seen = self
            .write_from_reserve(move |batch| {
                reserve.restore();
                let due = batch.first_keys(table::EXPIRY, &key::expired_until(now), limit)?;
                for row in &due {
                    settle(batch, row, &retention, now)?;
                }
                Ok(due.len())
            })
            .await?;
        self.nonces.forget(now);
        Ok(seen)
    }
}

/// Deletes the record that a row refers to if it has expired, and the row in any case.
fn settle(batch: &mut Batch<'_>, row: &str, retention: &Retention, now: Timestamp) -> Result<(), Failure> {
    batch.remove(table::EXPIRY, row);
    let Some((table, key)) = key::expiring(row) else { return Ok(()) };
    let settled = match table {
        _ if table == Account::TABLE.as_str() => settle_record::<Account>(batch, key, retention, now),
        _ if table == Order::TABLE.as_str() => settle_record::<Order>(batch, key, retention, now),
        _ if table == Authorization::TABLE.as_str() => settle_record::<Authorization>(batch, key, retention, now),
        _ if table == CertificateRecord::TABLE.as_str() => {
            settle_record::<CertificateRecord>(batch, key, retention, now)
        }
        _ if table == ExternalAccountKey::TABLE.as_str() => {
            settle_record::<ExternalAccountKey>(batch, key, retention, now)
        }
        _ if table == AuditRecord::TABLE.as_str() => settle_record::<AuditRecord>(batch, key, retention, now),
        _ if table == Incident::TABLE.as_str() => settle_record::<Incident>(batch, key, retention, now),
        _ if table == Counter::TABLE.as_str() => settle_record::<Counter>(batch, key, retention, now),
        _ => Ok(()),
    };
    match settled {
        // The record stays so that an operator can inspect it; without its row it does not delay
        // others.
        Err(Failure::Refused(error)) => {
            tracing::warn!(%error, table, key, "an expired record cannot be read");
            Ok(())
        }
        settled => settled,
    }
}

/// Deletes the record if it has expired by now, as it is stored.
pub(super) fn settle_record<T: Expiring>(
    batch: &mut Batch<'_>,
    key: &str,
    retention: &Retention,
    now: Timestamp,
) -> Result<(), Failure> {
    let Some(row) = batch.row(T::TABLE, key)? else { return Ok(()) };
    let record = record::decode_versioned::<T>(&row)?.value;
    if record.kept_until(retention) > now {
        record.index_rows(retention).iter().for_each(|row| batch.set(row.table, &row.key, &[]));
        return Ok(());
    }
    record.forget_others(batch)?;
    batch.remove(T::TABLE, key);
    record.index_rows(retention).iter().for_each(|row| batch.remove(row.table, &row.key));
    Ok(())
}
