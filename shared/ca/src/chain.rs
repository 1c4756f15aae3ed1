//! Chains as clients download them: the leaf first, each certificate followed by that of its
//! issuer, without the root, which a relying party that trusts it already has (RFC 8555 §7.4.2,
//! §9.1).

use crate::Certificate;

/// A leaf and the issuing CAs between it and the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    certificates: Vec<Certificate>,
}

impl Chain {
    /// Joins a leaf and its issuers, the nearest first. A root at the end is dropped.
    ///
    /// # Errors
    /// A certificate is not that of the issuer of the one before it.
    pub fn new(leaf: Certificate, issuers: impl IntoIterator<Item = Certificate>) -> Result<Self, ChainError> {
        let mut certificates = vec![leaf];
        for issuer in issuers {
            if certificates.last().is_some_and(|subject| !is_issued_by(subject, &issuer)) {
                return Err(ChainError);
            }
            certificates.push(issuer);
        }
        certificates.retain(|certificate| !certificate.is_self_issued());
        Ok(Self { certificates })
    }

    /// The certificates, the leaf first.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The body of `application/pem-certificate-chain` (RFC 8555 §9.1).
    pub fn pem(&self) -> String {
        self.certificates.iter().map(Certificate::pem).collect()
    }
}

/// A certificate in the chain is not that of the issuer of the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the certificates do not make a chain")]
pub struct ChainError;

/// Compares name and key identifier. The signature was verified when the certificate was made.
fn is_issued_by(subject: &Certificate, issuer: &Certificate) -> bool {
    subject.tbs().issuer() == issuer.tbs().subject()
        && issuer.subject_key_identifier() == Some(subject.certificate_id().authority_key_identifier())
}
