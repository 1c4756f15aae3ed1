//! Expiry: records that have served are deleted.
//!
//! Every record that ends has a row in an index by the hour in which it may be deleted. The row says
//! where to look, never what to do: the record itself is asked before it is deleted.

use acme::{Authorization, Order};
use jiff::Timestamp;

use super::{
    EmbeddedStore,
    batch::Batch,
    failure::Failure,
    key,
    limit::Counter,
    record::{self, Mark, Record},
    table,
};
use crate::{AuditRecord, CertificateRecord, ExternalAccountKey, Incident, Proof, Retention, StoreError};

impl EmbeddedStore {
    /// Deletes what has served by `now`, and redeemed nonces that cannot be presented any more; looks
    /// at `limit` of them at most, so that other writes do not wait long. Answers how many it looked
    /// at: when that is `limit`, there may be more.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn purge(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let retention = self.retention;
        let seen = self
            .write(move |batch| {
                let nonces = batch.first_keys(table::NONCE, &key::nonces_until(now), limit)?;
                for key in &nonces {
                    batch.remove(table::NONCE, key)?;
                }
                let rest = limit.saturating_sub(nonces.len());
                let due = batch.first_keys(table::EXPIRY, &key::expired_until(now), rest)?;
                for mark in &due {
                    settle(batch, mark, &retention, now)?;
                }
                Ok(nonces.len() + due.len())
            })
            .await?;
        self.nonces.forget(now);
        Ok(seen)
    }
}

/// The row that leads to a record when it may be deleted.
pub(super) fn mark<T: Expiring>(record: &T, key: &str, retention: &Retention) -> Mark {
    Mark { table: table::EXPIRY, key: key::expiry(record.kept_until(retention), T::TABLE.as_str(), key) }
}

/// Deletes the record that a row leads to, when its time has come, and in any case the row.
fn settle(batch: &mut Batch<'_>, mark: &str, retention: &Retention, now: Timestamp) -> Result<(), Failure> {
    batch.remove(table::EXPIRY, mark)?;
    let Some((table, key)) = key::expiring(mark) else { return Ok(()) };
    let settled = match table {
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
        // It stays, for somebody to look at; without its row it does not stand in the way of others.
        Err(Failure::Refused(error)) => {
            tracing::warn!(%error, table, key, "an expired record cannot be read");
            Ok(())
        }
        settled => settled,
    }
}

fn settle_record<T: Expiring>(
    batch: &mut Batch<'_>,
    key: &str,
    retention: &Retention,
    now: Timestamp,
) -> Result<(), Failure> {
    let Some(row) = batch.row(T::TABLE, key)? else { return Ok(()) };
    let record = record::decode_versioned::<T>(&row)?.value;
    if record.kept_until(retention) > now {
        return record.marks(retention).iter().try_for_each(|mark| batch.set(mark.table, &mark.key, &[]));
    }
    record.forget_others(batch)?;
    batch.remove(T::TABLE, key)?;
    record.marks(retention).iter().try_for_each(|mark| batch.remove(mark.table, &mark.key))
}

/// A record that is kept for a time.
pub(super) trait Expiring: Record {
    /// Until when it is kept.
    fn kept_until(&self, retention: &Retention) -> Timestamp;

    /// Deletes what is of no use without it.
    fn forget_others(&self, _: &mut Batch<'_>) -> Result<(), Failure> {
        Ok(())
    }
}

impl Expiring for Order {
    fn kept_until(&self, retention: &Retention) -> Timestamp {
        retention.of_order(self)
    }
}

impl Expiring for Authorization {
    fn kept_until(&self, retention: &Retention) -> Timestamp {
        retention.of_authorization(self)
    }

    /// Its proof, unless a newer authorization has taken that over.
    fn forget_others(&self, batch: &mut Batch<'_>) -> Result<(), Failure> {
        let key = key::proof(self.account, &self.identifier);
        match batch.row(table::PROOF, &key)? {
            Some(row) if record::decode::<Proof>(&row)?.authorization == self.id => batch.remove(table::PROOF, &key),
            _ => Ok(()),
        }
    }
}

impl Expiring for CertificateRecord {
    fn kept_until(&self, retention: &Retention) -> Timestamp {
        retention.of_certificate(self)
    }

    /// Its place among the revoked: long since on no list any more.
    fn forget_others(&self, batch: &mut Batch<'_>) -> Result<(), Failure> {
        match self.revocation {
            Some(_) => batch.remove(table::REVOKED, &key::revoked(&self.issuer, self.crl_shard, self.id.serial())),
            None => Ok(()),
        }
    }
}
