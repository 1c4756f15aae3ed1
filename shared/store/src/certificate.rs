//! Certificate records: stored as intended before the signature, then issued, then possibly
//! revoked.

use acme::{AccountId, CertificateId, DirectoryId, Identifier, OrderId, ProfileName, RevocationReason, UnknownMembers};
use async_trait::async_trait;
use ca::{Certificate, CertificateError};
use jiff::Timestamp;
use jose::{PublicKey, Thumbprint};
use serde::{Deserialize, Serialize};

use crate::{IssuerId, Receipt, StoreError, Versioned};

/// Access to the certificates and the blocked keys.
#[async_trait]
pub trait CertificateStore: Send + Sync {
    /// Stores a certificate as intended. From then on it counts as issued: it can be revoked, and
    /// its record is kept, whether or not it is ever signed.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the id is taken; [`StoreError::Unavailable`].
    async fn intend_certificate(&self, certificate: &Versioned<CertificateRecord>) -> Result<(), StoreError>;

    /// The certificate with that id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn certificate(&self, id: &CertificateId) -> Result<Option<Versioned<CertificateRecord>>, StoreError>;

    /// Several certificates, in the order of `ids`. Unknown ids are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn certificates(&self, ids: &[CertificateId]) -> Result<Vec<Versioned<CertificateRecord>>, StoreError>;

    /// The receipt of a certificate that was read; `None` for the host's own, and where an earlier
    /// version issued it. It has the one of its record unless the engine keeps it elsewhere.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn receipt(&self, certificate: &CertificateRecord) -> Result<Option<Receipt>, StoreError> {
        Ok(certificate.receipt.clone())
    }

    /// Replaces `before` with `after`. When this revokes the certificate, or changes its
    /// revocation, the entry among the revoked certificates of its issuer's CRL shard is written in
    /// the same atomic change.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the stored certificate is not `before`;
    /// [`StoreError::Unavailable`].
    async fn update_certificate(
        &self,
        before: &Versioned<CertificateRecord>,
        after: &Versioned<CertificateRecord>,
    ) -> Result<(), StoreError>;

    /// Blocks a key: no account and no certificate may use it from then on. Blocking a blocked key
    /// changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn block_key(&self, key: &Thumbprint, at: Timestamp) -> Result<(), StoreError>;

    /// Whether the key is blocked for accounts and certificates.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn is_key_blocked(&self, key: &Thumbprint) -> Result<bool, StoreError>;
}

/// A certificate with its history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateRecord {
    /// The id of the certificate, unique across all issuers.
    pub id: CertificateId,
    /// The issuer that signs the certificate.
    pub issuer: IssuerId,
    /// The index of the issuer's CRL shard that lists the certificate once it is revoked.
    pub crl_shard: u16,
    /// The account that ordered the certificate; `None` for the host's own.
    pub account: Option<AccountId>,
    /// The order that the certificate was issued for; `None` for the host's own.
    pub order: Option<OrderId>,
    /// The identifiers in its subject alternative name.
    pub identifiers: Vec<Identifier>,
    /// The start of its validity (`notBefore`).
    pub not_before: Timestamp,
    /// The end of its validity (`notAfter`).
    pub not_after: Timestamp,
    /// Whether the certificate is only intended or also signed.
    pub state: CertificateState,
    /// The revocation; `None` while the certificate is not revoked.
    pub revocation: Option<Revocation>,
    /// The order that replaces the certificate (RFC 9773 §5).
    pub replacement: Option<Replacement>,
    // The following members are recorded when the certificate is issued. Until then the order holds
    // them.
    /// The directory in which it was ordered. `None` for the host's own, before it is issued, and
    /// where an earlier version issued it: then it is the account's directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryId>,
    /// The RA Profile that determined its contents; `None` until it is issued, and where an earlier
    /// version issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ra_profile: Option<ProfileName>,
    /// The name with which the order selected that profile (profiles extension); `None` when the
    /// order named no profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The JWK thumbprint of its key (RFC 7638), by which it can be looked up; `None` until it is
    /// issued. Engines fill it in when they read a certificate of an earlier version that lacks it;
    /// the entry of the look-up may be missing then, until [`crate::LookupStore::index_keys`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Thumbprint>,
    /// The request id that the signer assigned to the signature, for finding it in the signer's own
    /// log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer_request: Option<String>,
    /// Why it was to be signed, of one that is intended. Of one that was read, ask
    /// [`CertificateStore::receipt`]: some engines keep it elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// Members that a newer version wrote; they are kept when the record is written again.
    #[serde(flatten)]
    pub unknown: UnknownMembers,
}

/// How far the issuance of a certificate has progressed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CertificateState {
    /// Exactly these bytes will be signed, or have been signed and the answer was lost.
    Intended {
        /// The TBSCertificate in DER.
        #[serde(with = "jose::base64url")]
        tbs: Vec<u8>,
    },
    /// The certificate is signed.
    Issued {
        /// The certificate in DER.
        #[serde(with = "jose::base64url")]
        der: Vec<u8>,
    },
}

impl CertificateRecord {
    /// Whether the certificate has this key.
    pub fn has_key(&self, key: &Thumbprint) -> bool {
        match &self.key {
            Some(own) => own == key,
            None => self.state.public_key().is_ok_and(|own| own.thumbprint() == *key),
        }
    }
}

impl CertificateState {
    /// The public key in the certificate.
    ///
    /// # Errors
    /// The stored bytes are not a certificate that this authority could have issued.
    pub fn public_key(&self) -> Result<PublicKey, CertificateError> {
        match self {
            Self::Intended { tbs } => Certificate::key_of_tbs(tbs),
            Self::Issued { der } => Ok(Certificate::from_der(der)?.public_key().clone()),
        }
    }
}

/// The revocation of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// The time of the revocation, as in CRLs.
    pub at: Timestamp,
    /// The reason code (RFC 5280 §5.3.1).
    pub reason: RevocationReason,
    /// When the reason was raised to `keyCompromise`; `None` if it is the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raised_at: Option<Timestamp>,
}

impl Revocation {
    /// The time since which CRLs have to say what it says.
    pub fn listed_since(&self) -> Timestamp {
        self.raised_at.unwrap_or(self.at)
    }
}

/// The order that replaces a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replacement {
    /// The account of that order, which is the certificate's own.
    pub account: AccountId,
    /// The id of the replacing order.
    pub order: OrderId,
    /// The number of orders, this one among them, that limits exempted because they renew the
    /// certificate.
    #[serde(default, skip_serializing_if = "is_none_yet")]
    pub renewals: u8,
}

fn is_none_yet(renewals: &u8) -> bool {
    *renewals == 0
}
