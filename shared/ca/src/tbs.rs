//! What is to be signed, in its two states: built, and linted.
//!
//! Only a [`LintedTbs`] can be signed. Its bytes are what gets stored, what gets signed and what
//! stands in the certificate; they are never encoded a second time.

use acme::{CertificateId, Identifier, Serial};
use der::{
    Decode, Encode, Sequence,
    asn1::{BitString, Int},
};
use jose::PublicKey;
use sha2::{Digest, Sha256};
use x509_cert::{
    Version,
    ext::Extension,
    name::Name,
    spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned},
    time::Time,
};

use crate::{
    BuildError, Issuer, LintError, SignatureAlgorithm,
    lint::{self, Authority, Kind, Request},
    time,
};

/// A certificate that was built and not yet looked at: the DER of a TBSCertificate, and what was
/// asked for, to compare it with.
#[derive(Clone, Debug)]
pub struct TbsCertificate<'a> {
    bytes: Vec<u8>,
    authority: Authority<'a>,
    request: Request<'a>,
    kind: Kind<'a>,
}

impl<'a> TbsCertificate<'a> {
    pub(crate) fn new(
        fields: &Fields,
        authority: Authority<'a>,
        request: Request<'a>,
        kind: Kind<'a>,
    ) -> der::Result<Self> {
        Ok(Self { bytes: fields.to_der()?, authority, request, kind })
    }

    /// Decodes the bytes again and checks every field and extension of what comes out.
    ///
    /// # Errors
    /// When a lint finds something; then the certificate must not be signed.
    pub fn lint(self) -> Result<LintedTbs, LintError> {
        lint::built(&self.bytes, &self.authority, &self.request, &self.kind)
            .map(|id| LintedTbs::new(self.bytes, id, self.authority.algorithm))
    }
}

/// A certificate that may be signed.
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

    /// Takes the stored bytes of a leaf up again, to finish an issue that was interrupted: whatever
    /// is signed now is what was linted and stored then. The lints run again, but for those that
    /// compare with the request, which is gone: the profile may be another one by now.
    ///
    /// # Errors
    /// When a lint finds something, such as bytes of another issuer or of another order.
    pub fn from_stored(bytes: Vec<u8>, issuer: &Issuer, identifiers: &[Identifier]) -> Result<Self, LintError> {
        let id = lint::stored(&bytes, &issuer.authority(), identifiers)?;
        Ok(Self::new(bytes, id, issuer.algorithm()))
    }

    /// The DER of the TBSCertificate: exactly what is signed.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the bytes.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.bytes).into()
    }

    /// The id that the certificate will have.
    pub fn certificate_id(&self) -> &CertificateId {
        &self.id
    }

    /// How it will be signed.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }
}

/// A TBSCertificate field by field (RFC 5280 §4.1), for encoding alone. The lints decode with other
/// types, so that one mistake does not hide in both.
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

/// Both times in the form in which they will stand there.
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
