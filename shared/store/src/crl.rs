//! Revoked certificates by issuer and shard, and the last CRL of each.

use acme::{RevocationReason, Serial};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CertificateRecord, IssuerId, StoreError};

/// Access to the revoked certificates and the CRLs.
#[async_trait]
pub trait CrlStore: Send + Sync {
    /// The revoked certificates of a shard whose validity ends after `ended_after`, sorted by
    /// serial number.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn revoked_certificates(
        &self,
        issuer: &IssuerId,
        shard: u16,
        ended_after: Timestamp,
    ) -> Result<Vec<RevokedCertificate>, StoreError>;

    /// The most recent CRL of a shard.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn crl(&self, issuer: &IssuerId, shard: u16) -> Result<Option<CrlRecord>, StoreError>;

    /// Stores a CRL if its number is higher than that of the stored one, or if none is stored.
    /// Storing the same CRL again changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the stored CRL is a different one with the same or a higher
    /// number; [`StoreError::Unavailable`].
    async fn put_crl(&self, crl: &CrlRecord) -> Result<(), StoreError>;
}

/// A certificate that CRLs list as revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedCertificate {
    /// The serial number of the certificate.
    pub serial: Serial,
    /// The time of its revocation.
    pub at: Timestamp,
    /// The reason code (RFC 5280 §5.3.1).
    pub reason: RevocationReason,
    /// The end of its validity, after which CRLs no longer list it.
    pub not_after: Timestamp,
    /// When the reason was raised to `keyCompromise`; `None` if it is the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raised_at: Option<Timestamp>,
}

impl RevokedCertificate {
    /// The entry of a certificate, if it is revoked.
    pub fn of(certificate: &CertificateRecord) -> Option<Self> {
        certificate.revocation.as_ref().map(|revocation| Self {
            serial: certificate.id.serial().clone(),
            at: revocation.at,
            reason: revocation.reason,
            not_after: certificate.not_after,
            raised_at: revocation.raised_at,
        })
    }

    /// The time since which CRLs have to list it with this reason.
    pub fn listed_since(&self) -> Timestamp {
        self.raised_at.unwrap_or(self.at)
    }
}

/// A signed CRL with what is needed to find and renew it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrlRecord {
    /// The issuer of the CRL.
    pub issuer: IssuerId,
    /// The index of the shard among the issuer's `crl_shards`.
    pub shard: u16,
    /// The CRL number (RFC 5280 §5.2.3).
    pub number: u64,
    /// The CRL's `thisUpdate`, which may be earlier than its creation.
    pub this_update: Timestamp,
    /// The CRL's `nextUpdate`: when the next CRL will be published at the latest.
    pub next_update: Timestamp,
    /// The CRL in DER.
    #[serde(with = "jose::base64url")]
    pub der: Vec<u8>,
    /// The request id that the signer assigned to the signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer_request: Option<String>,
    /// When it was created, if that is not its `thisUpdate`: it lists what was revoked before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_at: Option<Timestamp>,
}

impl CrlRecord {
    /// When it was created.
    pub fn made_at(&self) -> Timestamp {
        self.made_at.unwrap_or(self.this_update)
    }
}
