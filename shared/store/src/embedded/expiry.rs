//! Expiry: until when a record is kept.
//!
//! Every record that expires has a row in an index by the hour in which it may be deleted. The row
//! only refers to the record; the expiry is read from the record itself before it is deleted.

use acme::{Authorization, Order};
use jiff::Timestamp;

use super::{
    batch::Batch,
    failure::Failure,
    key,
    record::{self, IndexRow, Record},
    table,
};
use crate::{CertificateRecord, Proof, Retention};

/// A record that is kept for a limited time.
pub(super) trait Expiring: Record {
    /// Until when the record is kept.
    fn kept_until(&self, retention: &Retention) -> Timestamp;

    /// Deletes rows that are of no use without the record.
    fn forget_others(&self, _: &mut Batch<'_>) -> Result<(), Failure> {
        Ok(())
    }
}

/// The index row for the time when the record may be deleted.
pub(super) fn index_row<T: Expiring>(record: &T, key: &str, retention: &Retention) -> IndexRow {
    IndexRow { table: table::EXPIRY, key: key::expiry(record.kept_until(retention), T::TABLE.as_str(), key) }
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

    /// Deletes its proof, unless a newer authorization has replaced that.
    fn forget_others(&self, batch: &mut Batch<'_>) -> Result<(), Failure> {
        let key = key::proof(self.account, &self.identifier);
        match batch.row(table::PROOF, &key)? {
            Some(row) if record::decode::<Proof>(&row)?.authorization == self.id => batch.remove(table::PROOF, &key),
            _ => {}
        }
        Ok(())
    }
}

impl Expiring for CertificateRecord {
    fn kept_until(&self, retention: &Retention) -> Timestamp {
        retention.of_certificate(self)
    }

    /// Deletes its entry among the revoked certificates, which no CRL has listed for a long time.
    fn forget_others(&self, batch: &mut Batch<'_>) -> Result<(), Failure> {
        if self.revocation.is_some() {
            batch.remove(table::REVOKED, &key::revoked(&self.issuer, self.crl_shard, self.id.serial()));
        }
        Ok(())
    }
}
