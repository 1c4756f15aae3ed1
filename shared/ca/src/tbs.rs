//! TBSCertificates, in two states: built, and linted.
//!
//! Only a [`LintedTbs`] can be signed. Its bytes are stored, signed and then part of the
//! certificate; they are never encoded a second time.

use acme::{CertificateId, Identifier, Serial};
use der::{
    Decode, Encode, Sequence,
    asn1::{BitString, Int},
};
use jose::PublicKey;
use x509_cert::{
    Version,
    ext::Extension,
    name::Name,
    spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned},
    time::Time,
};

use crate::{
    BuildError, Issuer, LintError, SignatureAlgorithm,
    lint::{self, Authority, CertificateKind, Request},
    time,
};

/// A certificate that was built but not linted: the DER of a TBSCertificate, and the arguments to
/// compare it with.
#[derive(Clone, Debug)]
pub struct TbsCertificate<'a> {
    bytes: Vec<u8>,
    authority: Authority<'a>,
    request: Request<'a>,
    kind: CertificateKind<'a>,
}

impl<'a> TbsCertificate<'a> {
    pub(crate) fn new(
        fields: &Fields,
        authority: Authority<'a>,
        request: Request<'a>,
        kind: CertificateKind<'a>,
    ) -> der::Result<Self> {
        Ok(Self { bytes: fields.to_der()?, authority, request, kind })
    }

    /// Decodes the bytes again and checks every field and extension.
    ///
    /// # Errors
    /// A lint found something; the certificate must not be signed.
    pub fn lint(self) -> Result<LintedTbs, LintError> {
        lint::built(&self.bytes, &self.authority, &self.request, &self.kind)
            .map(|id| LintedTbs::new(self.bytes, id, self.authority.algorithm))
    }
}

/// A TBSCertificate that may be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintedTbs {
    bytes: Vec<u8>,
    id: CertificateId,
    algorithm: SignatureAlgorithm,
}

impl LintedTbs {
    fn new(bytes: Vec<u8>, id: CertificateId, algorithm: SignatureAlgorithm) -> Self {
        Self { bytes, id, algorithm }
    }

    /// Reads the stored bytes of a leaf, to finish an issuance that was interrupted: what is signed
    /// now is what was linted and stored then. The lints run again, except those that compare with
    /// the request, which is no longer available: the profile may have changed since.
    ///
    /// # Errors
    /// A lint found something, such as bytes of another issuer or of another order.
    pub fn from_stored(bytes: Vec<u8>, issuer: &Issuer, identifiers: &[Identifier]) -> Result<Self, LintError> {
        let id = lint::stored(&bytes, &issuer.authority(), identifiers)?;
        Ok(Self::new(bytes, id, issuer.algorithm()))
    }

    /// The DER of the TBSCertificate: exactly what is signed.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The id that the certificate will have.
    pub fn certificate_id(&self) -> &CertificateId {
        &self.id
    }

    /// The algorithm with which it will be signed.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }
}

/// The fields of a TBSCertificate (RFC 5280 §4.1), for encoding only. The lints decode with other
/// types, so that a mistake in one of them is found by the other.
#[derive(Clone, Debug, Sequence)]
pub(crate) struct Fields {
    #[asn1(context_specific = "0", default = "Default::default")]
    pub(crate) version: Version,
    pub(crate) serial_number: Int,
    pub(crate) signature: AlgorithmIdentifierOwned,
    pub(crate) issuer: Name,
    pub(crate) validity: Validity,
    pub(crate) subject: Name,
    pub(crate) subject_public_key_info: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub(crate) issuer_unique_id: Option<BitString>,
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT", optional = "true")]
    pub(crate) subject_unique_id: Option<BitString>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) extensions: Option<Vec<Extension>>,
}

/// Both times in the form that they will have in the certificate.
#[derive(Clone, Debug, Sequence)]
pub(crate) struct Validity {
    pub(crate) not_before: Time,
    pub(crate) not_after: Time,
}

impl Fields {
    pub(crate) fn new(
        request: &Request<'_>,
        algorithm: SignatureAlgorithm,
        issuer: Name,
        subject: Name,
        extensions: Vec<Extension>,
    ) -> Result<Self, BuildError> {
        Ok(Self {
            version: Version::V3,
            serial_number: serial_number(&request.serial)?,
            signature: algorithm.identifier(),
            issuer,
            validity: Validity {
                not_before: time::asn1(request.not_before)?,
                not_after: time::asn1(request.not_after)?,
            },
            subject,
            subject_public_key_info: subject_public_key_info(request.public_key)?,
            issuer_unique_id: None,
            subject_unique_id: None,
            extensions: Some(extensions),
        })
    }
}

fn serial_number(serial: &Serial) -> der::Result<Int> {
    Int::new(serial.as_bytes())
}

fn subject_public_key_info(key: &PublicKey) -> der::Result<SubjectPublicKeyInfoOwned> {
    SubjectPublicKeyInfoOwned::from_der(key.spki_der())
}
