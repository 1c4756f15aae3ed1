//! Parsed certificates, with the facts that the authority needs.
//!
//! A [`Certificate`] is one that this authority could have made: strict DER that encodes back to
//! the same bytes, a key that passes the key rules, and subject alternative names that are
//! identifiers. All others are refused. That it was parsed says nothing about its signature: see
//! [`Certificate::verify`].

use std::{collections::BTreeSet, fmt};

use acme::{CertificateId, Identifier, Serial};
use const_oid::db::{
    rfc4519::{COMMON_NAME, ORGANIZATION_NAME},
    rfc5280::{ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_SUBJECT_ALT_NAME, ID_CE_SUBJECT_KEY_IDENTIFIER},
};
use der::{Decode, Encode, asn1::OctetString, pem::LineEnding};
use jiff::Timestamp;
use jose::{KeyError, PublicKey};
use sha2::{Digest, Sha256};
use x509_cert::{
    TbsCertificate,
    ext::pkix::{AuthorityKeyIdentifier, name::GeneralNames},
};

use crate::{
    NameConstraints, NameConstraintsError, NameError, Pointers, SignatureError, distinguished_name, extension,
    general_name,
    raw::{self, Signed},
    signature::verify_stated,
    time,
};

/// A certificate (RFC 5280 §4.1).
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    tbs: TbsCertificate,
    public_key: PublicKey,
    identifiers: BTreeSet<Identifier>,
    subject_key_identifier: Option<Vec<u8>>,
    id: CertificateId,
}

impl Certificate {
    /// Parses a certificate.
    ///
    /// # Errors
    /// The bytes are not a certificate that this authority could have made.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let outer = x509_cert::Certificate::from_der(der)?;
        if outer.to_der()? != der {
            return Err(CertificateError::NotCanonical);
        }
        let tbs = outer.tbs_certificate().clone();
        let spki = tbs.subject_public_key_info().to_der()?;
        let public_key = PublicKey::from_spki_der(&spki)?;
        let subject_key_identifier = extension::find::<OctetString>(tbs.extensions(), ID_CE_SUBJECT_KEY_IDENTIFIER)?
            .map(|(_, identifier)| identifier.as_bytes().to_vec());
        let id = certificate_id(&tbs, subject_key_identifier.as_deref())?;
        let identifiers = identifiers(&tbs)?;
        Ok(Self { der: der.to_vec(), tbs, public_key, identifiers, subject_key_identifier, id })
    }

    /// The key that a TBSCertificate certifies.
    ///
    /// # Errors
    /// When the bytes are none, or the key is not one that may be certified.
    pub fn key_of_tbs(tbs: &[u8]) -> Result<PublicKey, CertificateError> {
        let spki = TbsCertificate::from_der(tbs)?.subject_public_key_info().to_der()?;
        Ok(PublicKey::from_spki_der(&spki)?)
    }

    /// Parses the certificates of a PEM file, in their order.
    ///
    /// # Errors
    /// There is none, or one of them is not a certificate that this authority could have made.
    pub fn from_pem(text: &str) -> Result<Vec<Self>, CertificateError> {
        let read = x509_cert::Certificate::load_pem_chain(text.as_bytes())?;
        let certificates = read.iter().map(|certificate| Self::from_der(&certificate.to_der()?));
        let certificates = certificates.collect::<Result<Vec<_>, _>>()?;
        if certificates.is_empty() { Err(CertificateError::NoPem) } else { Ok(certificates) }
    }

    /// The certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate in PEM, with a newline at the end.
    pub fn pem(&self) -> String {
        pem(PEM_LABEL, &self.der)
    }

    /// SHA-256 of the DER, the fingerprint that people compare.
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(&self.der).into()
    }

    /// The id that is unique among all issuers. For a root without an authority key identifier, it
    /// has the root's own key identifier, because a root is its own authority (RFC 5280 §4.2.1.1).
    pub fn certificate_id(&self) -> &CertificateId {
        &self.id
    }

    /// The public key of the subject.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The subject key identifier, if there is one.
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.subject_key_identifier.as_deref()
    }

    /// The first second of the validity period.
    pub fn not_before(&self) -> Timestamp {
        time::timestamp(&self.tbs.validity().not_before)
    }

    /// The last second of the validity period.
    pub fn not_after(&self) -> Timestamp {
        time::timestamp(&self.tbs.validity().not_after)
    }

    /// The subject alternative names; empty for a CA.
    pub fn identifiers(&self) -> &BTreeSet<Identifier> {
        &self.identifiers
    }

    /// The common name of the subject, if there is one.
    pub fn subject_common_name(&self) -> Option<&str> {
        let mut attributes = self.tbs.subject().iter();
        attributes.find(|attribute| attribute.oid == COMMON_NAME).and_then(distinguished_name::text)
    }

    /// The organization of the subject, if there is one.
    pub fn subject_organization(&self) -> Option<&str> {
        let mut attributes = self.tbs.subject().iter();
        attributes.find(|attribute| attribute.oid == ORGANIZATION_NAME).and_then(distinguished_name::text)
    }

    /// Whether both certificates have the same subject.
    pub fn has_subject_of(&self, other: &Self) -> bool {
        self.tbs.subject() == other.tbs.subject()
    }

    /// The URLs of its issuer's certificate and of its CRL; the first where there are several.
    pub fn pointers(&self) -> Pointers {
        extension::pointers(self.tbs.extensions())
    }

    /// The name constraints, if there are any.
    ///
    /// # Errors
    /// There are constraints that this CA cannot honour.
    pub fn name_constraints(&self) -> Result<Option<NameConstraints>, NameConstraintsError> {
        Ok(NameConstraints::find(self.tbs.extensions())?.map(|(_, constraints)| constraints))
    }

    /// The subject in the text form of RFC 4514.
    pub fn subject(&self) -> String {
        self.tbs.subject().to_string()
    }

    /// Verifies the signature with the key of the issuer. Names, validity period and revocation are
    /// not checked.
    ///
    /// # Errors
    /// The signature was not made with that key.
    pub fn verify(&self, issuer: &PublicKey) -> Result<(), SignatureError> {
        let signed = Signed::from_der(&self.der).map_err(|_| SignatureError::Invalid)?;
        verify_stated(&signed.algorithm, issuer, signed.message, &signed.signature)
    }

    /// The name of the CA that signed it, as [`Certificate::subject`] is.
    pub fn issuer(&self) -> String {
        self.tbs.issuer().to_string()
    }

    /// The SHA-256 digest of what was signed: the TBSCertificate in DER.
    pub fn tbs_digest(&self) -> [u8; 32] {
        // These bytes were parsed as a certificate already.
        Signed::from_der(&self.der).map(|signed| Sha256::digest(signed.message).into()).unwrap_or_default()
    }

    /// Whether subject and issuer are the same.
    pub fn is_self_issued(&self) -> bool {
        self.tbs.subject() == self.tbs.issuer()
    }

    pub(crate) fn tbs(&self) -> &TbsCertificate {
        &self.tbs
    }

    /// The bytes that were signed.
    pub(crate) fn tbs_bytes(&self) -> &[u8] {
        raw::elements(&self.der).ok().and_then(|parts| parts.first().copied()).unwrap_or_default()
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.id)
    }
}

/// Why bytes are not a certificate that this authority could have made.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The bytes are not the DER of a certificate, or one of its extensions is not well-formed.
    #[error("the certificate is not well-formed")]
    Malformed(#[from] der::Error),
    /// It can be parsed, but is not in the one form that DER allows.
    #[error("the certificate is not canonical DER")]
    NotCanonical,
    /// The text has no PEM block with a certificate.
    #[error("there is no certificate in PEM")]
    NoPem,
    /// The serial number is not positive, or is longer than twenty octets.
    #[error("the serial number is not a positive number of at most twenty octets")]
    Serial,
    /// There is no authority key identifier, and the certificate is not self-issued.
    #[error("the certificate has no authority key identifier")]
    NoAuthorityKeyIdentifier,
    /// A subject alternative name is not an identifier.
    #[error("a subject alternative name is not an identifier")]
    Name(#[from] NameError),
    /// The public key does not pass the rules.
    #[error("the public key of the certificate is refused")]
    Key(#[from] KeyError),
}

/// PEM with lines of 64 characters (RFC 7468 §2).
pub(crate) fn pem(label: &'static str, der: &[u8]) -> String {
    // This fails only for lengths that no certificate or CRL has.
    der::pem::encode_string(label, LineEnding::LF, der).unwrap_or_default()
}

/// The id of a certificate, from its decoded TBSCertificate and its own key identifier.
pub(crate) fn certificate_id(
    tbs: &TbsCertificate,
    subject_key_identifier: Option<&[u8]>,
) -> Result<CertificateId, CertificateError> {
    let serial = Serial::from_der_content(tbs.serial_number().as_bytes().to_vec()).ok_or(CertificateError::Serial)?;
    let own = || subject_key_identifier.filter(|_| tbs.subject() == tbs.issuer()).map(<[u8]>::to_vec);
    let authority = extension::find::<AuthorityKeyIdentifier>(tbs.extensions(), ID_CE_AUTHORITY_KEY_IDENTIFIER)?
        .and_then(|(_, value)| value.key_identifier)
        .map(|identifier| identifier.as_bytes().to_vec())
        .or_else(own)
        .ok_or(CertificateError::NoAuthorityKeyIdentifier)?;
    Ok(CertificateId::new(authority, serial))
}

fn identifiers(tbs: &TbsCertificate) -> Result<BTreeSet<Identifier>, CertificateError> {
    let names = extension::find::<GeneralNames>(tbs.extensions(), ID_CE_SUBJECT_ALT_NAME)?
        .map(|(_, names)| names)
        .unwrap_or_default();
    Ok(names.iter().map(general_name::identifier).collect::<Result<_, _>>()?)
}

const PEM_LABEL: &str = "CERTIFICATE";
