//! Certificate requests of issuing CAs, to be signed by an external CA (RFC 2986).

use der::{
    Decode, Encode,
    asn1::{Any, SetOfVec},
};
use jose::PublicKey;
use x509_cert::{
    attr::{Attribute, Attributes},
    ext::{Extension, pkix::BasicConstraints},
    request::{CertReq, CertReqInfo, Version},
    spki::SubjectPublicKeyInfoOwned,
};

use crate::{
    AuthorityName, KeyHandle, SignError, SignatureAlgorithm, SignatureError, Signer,
    certificate::pem,
    csr::EXTENSION_REQUEST,
    extension,
    raw::{self, Signed},
};

/// A certificate request, signed with its own key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityRequest {
    der: Vec<u8>,
    subject: String,
    public_key: PublicKey,
}

impl AuthorityRequest {
    /// Has a request signed for a CA with this name, with no CA below it, whose key signs
    /// certificates and CRLs. The CA that signs the request decides what the certificate says.
    ///
    /// # Errors
    /// Issuers may not have a key of this type, or the signer does not sign.
    pub async fn sign(
        subject: &AuthorityName,
        public_key: &PublicKey,
        signer: &dyn Signer,
        key: &KeyHandle,
    ) -> Result<Self, AuthorityRequestError> {
        let algorithm = SignatureAlgorithm::of(public_key).ok_or(AuthorityRequestError::KeyType)?;
        let constraints = BasicConstraints { ca: true, path_len_constraint: Some(0) };
        let extensions: Vec<Extension> = vec![
            extension::key_usage(&extension::key_usage_of_authority())?,
            extension::basic_constraints(&constraints)?,
            extension::subject_key_identifier(&extension::key_identifier(public_key))?,
        ];
        let values = SetOfVec::from_iter([Any::encode_from(&extensions)?])?;
        let info = CertReqInfo {
            version: Version::V1,
            subject: subject.to_name()?,
            public_key: SubjectPublicKeyInfoOwned::from_der(public_key.spki_der())?,
            attributes: Attributes::from_iter([Attribute { oid: EXTENSION_REQUEST, values }])?,
        };
        let message = info.to_der()?;
        let signature = signer.sign(key, algorithm, &message).await?;
        algorithm.verify(public_key, &message, &signature)?;
        Self::from_der(&Signed::encode(&message, algorithm, &signature)?)
    }

    /// Parses a request that was made here.
    ///
    /// # Errors
    /// The bytes are not such a request.
    pub fn from_der(der: &[u8]) -> Result<Self, AuthorityRequestError> {
        let request = CertReq::from_der(der)?;
        let signed = Signed::from_der(der)?;
        let spki = raw::elements(signed.message)?.get(2).copied().unwrap_or_default();
        let public_key = PublicKey::from_spki_der(spki).map_err(|_| AuthorityRequestError::KeyType)?;
        Ok(Self { der: der.to_vec(), subject: request.info.subject.to_string(), public_key })
    }

    /// The request in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The request in PEM, with a newline at the end.
    pub fn pem(&self) -> String {
        pem("CERTIFICATE REQUEST", &self.der)
    }

    /// The requested subject, in a form for people.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The key to be certified.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }
}

/// Why there is no request.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityRequestError {
    /// Issuers may not have a key of this type.
    #[error("issuers may not have a key of this type")]
    KeyType,
    /// A part cannot be encoded, or the bytes are not a request.
    #[error("the request is not well-formed")]
    Malformed(#[from] der::Error),
    /// The signer did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// It signed other bytes, or with another key.
    #[error("the signer's answer does not verify with the key of the request")]
    Signature(#[from] SignatureError),
}
