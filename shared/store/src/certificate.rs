//! Certificates: intended before they are signed, issued, revoked.

use acme::{AccountId, CertificateId, DirectoryId, Identifier, OrderId, ProfileName, RevocationReason, UnknownMembers};
use async_trait::async_trait;
use ca::{Certificate, CertificateError};
use jiff::Timestamp;
use jose::{PublicKey, Thumbprint};
use serde::{Deserialize, Serialize};

use crate::{IssuerId, StoreError, Versioned};

/// The certificates.
#[async_trait]
pub trait CertificateStore: Send + Sync {
    /// Stores a certificate as intended. From here on it counts as issued: it can be revoked and it
    /// is never forgotten, whether or not its signature follows.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the id is taken; [`StoreError::Unavailable`].
    async fn intend_certificate(&self, certificate: &Versioned<CertificateRecord>) -> Result<(), StoreError>;

    /// The certificate of that id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn certificate(&self, id: &CertificateId) -> Result<Option<Versioned<CertificateRecord>>, StoreError>;

    /// Those of several certificates that are there, in the order asked for.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn certificates(&self, ids: &[CertificateId]) -> Result<Vec<Versioned<CertificateRecord>>, StoreError>;

    /// Puts `after` in the place of `before`. When `after` is revoked and `before` was not, the
    /// certificate is on the list of its issuer's shard from then on, in the same atomic change.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the certificate is no longer `before`;
    /// [`StoreError::Unavailable`].
    async fn update_certificate(
        &self,
        before: &Versioned<CertificateRecord>,
        after: &Versioned<CertificateRecord>,
    ) -> Result<(), StoreError>;

    /// Blocks a key: no account and no certificate may use it again. Blocking twice is harmless.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn block_key(&self, key: &Thumbprint, at: Timestamp) -> Result<(), StoreError>;

    /// Whether the key is blocked.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn is_key_blocked(&self, key: &Thumbprint) -> Result<bool, StoreError>;
}

/// A certificate with its story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateRecord {
    /// Its id, unique over all issuers.
    pub id: CertificateId,
    /// Who signs it.
    pub issuer: IssuerId,
    /// Which of the issuer's CRL shards would list it.
    pub crl_shard: u16,
    /// For whom; `None` for the host's own.
    pub account: Option<AccountId>,
    /// In answer to which order; `None` for the host's own.
    pub order: Option<OrderId>,
    /// The names in it.
    pub identifiers: Vec<Identifier>,
    /// Begin of validity.
    pub not_before: Timestamp,
    /// End of validity.
    pub not_after: Timestamp,
    /// Intended or issued.
    pub state: CertificateState,
    /// When and why it was revoked.
    pub revocation: Option<Revocation>,
    /// Which order replaces it (RFC 9773 §5).
    pub replacement: Option<Replacement>,
    // What follows is on record once the certificate is issued: before, the order knows it, and the record
    // stays within the kilobyte that a hosted database counts as one write.
    /// The directory that it was ordered in; `None` for the host's own, until it is issued, and where an
    /// earlier version issued it: then it is that of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryId>,
    /// The RA Profile that decided what stands in it; `None` until it is issued, and where an earlier
    /// version issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ra_profile: Option<ProfileName>,
    /// The name by which the order chose that profile (profiles extension), where it named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The thumbprint of its key, by which it is found (RFC 7638); `None` until it is issued, and where an
    /// earlier version issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Thumbprint>,
    /// The id that the signer gave the request for its signature, which leads to the signer's own log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer_request: Option<String>,
    /// What a newer version knows of it.
    #[serde(flatten)]
    pub unknown: UnknownMembers,
}

/// How far a certificate has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CertificateState {
    /// These exact bytes will be signed, or have been and the answer was lost.
    Intended {
        /// DER of the TBSCertificate.
        #[serde(with = "jose::base64url")]
        tbs: Vec<u8>,
    },
    /// Signed.
    Issued {
        /// DER of the certificate.
        #[serde(with = "jose::base64url")]
        der: Vec<u8>,
    },
}

impl CertificateState {
    /// The key that is certified.
    ///
    /// # Errors
    /// When the bytes are no certificate that this authority could have made.
    pub fn public_key(&self) -> Result<PublicKey, CertificateError> {
        match self {
            Self::Intended { tbs } => Certificate::key_of_tbs(tbs),
            Self::Issued { der } => Ok(Certificate::from_der(der)?.public_key().clone()),
        }
    }
}

/// A revocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: RevocationReason,
}

/// The order that takes a certificate's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replacement {
    /// The account of that order, which is the certificate's own.
    pub account: AccountId,
    /// The order.
    pub order: OrderId,
}
