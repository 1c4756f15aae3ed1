//! Issuers: certificates that may sign certificates and CRLs, with all that signing under them needs.

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

/// The certificate of a root or an issuing CA. It exists only if that certificate makes it one.
#[derive(Clone, Debug)]
pub struct Issuer {
    certificate: Certificate,
    algorithm: SignatureAlgorithm,
    key_identifier: Vec<u8>,
    name_der: Vec<u8>,
    /// Its own, and those of CAs above it.
    constraints: Vec<NameConstraints>,
}

impl Issuer {
    /// Takes a certificate as that of an issuer.
    ///
    /// # Errors
    /// When it may not sign certificates and CRLs, or lacks a key identifier.
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
        Ok(Self { certificate, algorithm, key_identifier, name_der, constraints })
    }

    /// The issuer below these CAs, whose name constraints hold for what it signs, too.
    ///
    /// # Errors
    /// When their constraints cannot be honoured.
    pub fn below(mut self, above: &[Certificate]) -> Result<Self, IssuerError> {
        for certificate in above {
            self.constraints.extend(certificate.name_constraints()?);
        }
        Ok(self)
    }

    /// The first constraints of its own or above it that a name breaks.
    pub fn constraints_against(&self, identifier: &Identifier) -> Option<&NameConstraints> {
        self.constraints.iter().find(|constraints| !constraints.permits(identifier))
    }

    /// Its certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The key that verifies what it signs.
    pub fn public_key(&self) -> &PublicKey {
        self.certificate.public_key()
    }

    /// How it signs.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// Its key identifier, the authority key identifier of what it signs.
    pub fn key_identifier(&self) -> &[u8] {
        &self.key_identifier
    }

    /// The last second of its validity, and so of everything below it.
    pub fn not_after(&self) -> Timestamp {
        self.certificate.not_after()
    }

    pub(crate) fn name(&self) -> &Name {
        self.certificate.tbs().subject()
    }

    /// What the lints compare with.
    pub(crate) fn authority(&self) -> Authority<'_> {
        Authority {
            name: self.name_der.clone(),
            key_identifier: self.key_identifier.clone(),
            algorithm: self.algorithm,
            key: self.public_key(),
            validity: Some((self.certificate.not_before(), self.certificate.not_after())),
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
    /// Its basic constraints do not say that it is a CA.
    #[error("the certificate is not that of a CA")]
    NotAnAuthority,
    /// Its key usage does not allow certificates and CRLs.
    #[error("the key usage does not allow signing certificates and CRLs")]
    KeyUsage,
    /// Its name constraints cannot be honoured.
    #[error(transparent)]
    NameConstraints(#[from] NameConstraintsError),
    /// It has no subject key identifier.
    #[error("the certificate has no subject key identifier")]
    NoKeyIdentifier,
    /// Its key is of a kind that issuers do not have.
    #[error("the key of the certificate is of no kind that issuers have")]
    KeyType,
}
