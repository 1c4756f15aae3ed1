//! Issuers: CA certificates that may sign certificates and CRLs, with what signing under them
//! needs.

use acme::Identifier;
use const_oid::db::rfc5280::{ID_CE_BASIC_CONSTRAINTS, ID_CE_KEY_USAGE};
use der::Encode;
use jiff::Timestamp;
use jose::PublicKey;
use x509_cert::{
    ext::pkix::{BasicConstraints, KeyUsage},
    name::Name,
};

use crate::{Certificate, NameConstraints, NameConstraintsError, SignatureAlgorithm, extension, lint::Authority};

/// The certificate of a root or an issuing CA. It exists only if the certificate allows signing
/// certificates and CRLs.
#[derive(Clone, Debug)]
pub struct Issuer {
    certificate: Certificate,
    algorithm: SignatureAlgorithm,
    key_identifier: Vec<u8>,
    name_der: Vec<u8>,
    /// The name constraints of the certificate itself and of the CAs above it.
    constraints: Vec<NameConstraints>,
    /// From when and until when the whole path is valid: the certificate and the CAs above.
    validity: (Timestamp, Timestamp),
}

impl Issuer {
    /// Checks that a certificate is that of an issuer.
    ///
    /// # Errors
    /// It does not allow signing certificates and CRLs, or lacks a key identifier.
    pub fn new(certificate: Certificate) -> Result<Self, IssuerError> {
        let extensions = certificate.tbs().extensions();
        let constraints = extension::find::<BasicConstraints>(extensions, ID_CE_BASIC_CONSTRAINTS)?;
        if !constraints.is_some_and(|(_, constraints)| constraints.ca) {
            return Err(IssuerError::NotAnAuthority);
        }
        let usage = extension::find::<KeyUsage>(extensions, ID_CE_KEY_USAGE)?;
        if !usage.is_some_and(|(_, usage)| usage.key_cert_sign() && usage.crl_sign()) {
            return Err(IssuerError::KeyUsage);
        }
        let key_identifier =
            certificate.subject_key_identifier().map(<[u8]>::to_vec).ok_or(IssuerError::NoKeyIdentifier)?;
        let algorithm = SignatureAlgorithm::of(certificate.public_key()).ok_or(IssuerError::KeyType)?;
        let name_der = certificate.tbs().subject().to_der()?;
        let constraints = certificate.name_constraints()?.into_iter().collect();
        let validity = (certificate.not_before(), certificate.not_after());
        Ok(Self { certificate, algorithm, key_identifier, name_der, constraints, validity })
    }

    /// Adds the CAs above the issuer, whose name constraints and validity also bind what it signs.
    ///
    /// # Errors
    /// There are constraints that this CA cannot honour.
    pub fn below(mut self, above: &[Certificate]) -> Result<Self, IssuerError> {
        for certificate in above {
            self.constraints.extend(certificate.name_constraints()?);
            let (begins, ends) = self.validity;
            self.validity = (begins.max(certificate.not_before()), ends.min(certificate.not_after()));
        }
        Ok(self)
    }

    /// The first name constraints, of the issuer or of a CA above it, that do not permit the
    /// identifier.
    pub fn constraints_against(&self, identifier: &Identifier) -> Option<&NameConstraints> {
        self.constraints.iter().find(|constraints| !constraints.permits(identifier))
    }

    /// The issuer's certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The key that verifies what it signs.
    pub fn public_key(&self) -> &PublicKey {
        self.certificate.public_key()
    }

    /// The algorithm with which it signs.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// Its key identifier, which is the authority key identifier of what it signs.
    pub fn key_identifier(&self) -> &[u8] {
        &self.key_identifier
    }

    /// The first second at which its whole path is valid.
    pub fn not_before(&self) -> Timestamp {
        self.validity.0
    }

    /// The last second at which its whole path is valid, and so the limit for everything below it.
    pub fn not_after(&self) -> Timestamp {
        self.validity.1
    }

    pub(crate) fn name(&self) -> &Name {
        self.certificate.tbs().subject()
    }

    /// The issuer's side of what the lints compare.
    pub(crate) fn authority(&self) -> Authority<'_> {
        Authority {
            name: self.name_der.clone(),
            key_identifier: self.key_identifier.clone(),
            algorithm: self.algorithm,
            key: self.public_key(),
            validity: Some(self.validity),
            constraints: &self.constraints,
        }
    }
}

/// Why a certificate is not that of an issuer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssuerError {
    /// An extension is not well-formed.
    #[error("an extension of the issuer's certificate is not well-formed")]
    Malformed(#[from] der::Error),
    /// The basic constraints do not say that it is a CA.
    #[error("the certificate is not that of a CA")]
    NotAnAuthority,
    /// The key usage does not allow signing certificates and CRLs.
    #[error("the key usage does not allow signing certificates and CRLs")]
    KeyUsage,
    /// There are name constraints that this CA cannot honour.
    #[error(transparent)]
    NameConstraints(#[from] NameConstraintsError),
    /// It has no subject key identifier.
    #[error("the certificate has no subject key identifier")]
    NoKeyIdentifier,
    /// Issuers may not have a key of this type.
    #[error("issuers may not have a key of the certificate's type")]
    KeyType,
}
