//! Revoked certificates by issuer and shard, and the last CRL of each.

use acme::{RevocationReason, Serial};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{IssuerId, StoreError};

/// What CRLs are made of, and the CRLs.
#[async_trait]
pub trait CrlStore: Send + Sync {
    /// The revoked certificates of a shard whose validity ended after `ended_after`, by serial.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn revoked_certificates(
        &self,
        issuer: &IssuerId,
        shard: u16,
        ended_after: Timestamp,
    ) -> Result<Vec<RevokedCertificate>, StoreError>;

    /// The last CRL of a shard.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn crl(&self, issuer: &IssuerId, shard: u16) -> Result<Option<CrlRecord>, StoreError>;

    /// Stores a CRL when its number is above that of the stored one, or none is stored, or it is
    /// the stored one.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the stored number is as high and the CRL another;
    /// [`StoreError::Unavailable`].
    async fn put_crl(&self, crl: &CrlRecord) -> Result<(), StoreError>;
}

/// An entry of a CRL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedCertificate {
    /// Its serial number.
    pub serial: Serial,
    /// When it was revoked.
    pub at: Timestamp,
    /// Why.
    pub reason: RevocationReason,
    /// End of its validity; afterwards it leaves the list.
    pub not_after: Timestamp,
}

/// A signed CRL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrlRecord {
    /// Whose.
    pub issuer: IssuerId,
    /// Which of its shards.
    pub shard: u16,
    /// The CRL number (RFC 5280 §5.2.3).
    pub number: u64,
    /// From when it is good.
    pub this_update: Timestamp,
    /// When the next one will be there at the latest.
    pub next_update: Timestamp,
    /// DER of the CRL.
    #[serde(with = "jose::base64url")]
    pub der: Vec<u8>,
    /// The id that the signer gave the request for its signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer_request: Option<String>,
}
