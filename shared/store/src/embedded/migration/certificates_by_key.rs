//! Migration 1: certificates can be looked up by their key. Each record gets the thumbprint of its
//! key, and an entry in the index.

use redb::Database;

use crate::{
    CertificateEntry, CertificateRecord, StoreError, Versioned,
    embedded::{failure::Failure, key, record, table},
};

/// The index is rebuilt from the certificates, so that it does not contain what an earlier version
/// deleted.
pub(super) fn make(database: &Database) -> Result<u64, Failure> {
    let transaction = database.begin_write()?;
    transaction.delete_table(table::KEYED.definition())?;
    transaction.open_table(table::KEYED.definition())?;
    transaction.commit()?;
    let (mut seen, mut behind) = (0, None);
    loop {
        let rows = super::slice(database, table::CERTIFICATE, behind.as_deref())?;
        let Some((last, _)) = rows.last() else { return Ok(seen) };
        seen += rows.len() as u64;
        behind = Some(last.clone());
        let transaction = database.begin_write()?;
        let mut certificates = transaction.open_table(table::CERTIFICATE.definition())?;
        let mut keyed = transaction.open_table(table::KEYED.definition())?;
        for (id, row) in rows {
            match with_key(&row) {
                Ok(certificate) => {
                    certificates.insert(id.as_str(), record::encode_versioned(&certificate)?.as_slice())?;
                    let entry = CertificateEntry { not_after: certificate.not_after, id: certificate.id.clone() };
                    if let Some(thumbprint) = &certificate.key {
                        keyed.insert(key::certificate_by_key(thumbprint, &entry).as_str(), &[][..])?;
                    }
                }
                // All other look-ups still find the certificate.
                Err(error) => tracing::warn!(%error, id, "the key of a certificate cannot be read"),
            }
        }
        drop((certificates, keyed));
        transaction.commit()?;
    }
}

/// The certificate with the thumbprint of its key.
fn with_key(row: &[u8]) -> Result<Versioned<CertificateRecord>, StoreError> {
    let mut certificate: Versioned<CertificateRecord> = record::decode_versioned(row)?;
    let key = certificate.state.public_key().map_err(|error| record::corrupt(table::CERTIFICATE, error))?;
    certificate.value.key = Some(key.thumbprint());
    Ok(certificate)
}
