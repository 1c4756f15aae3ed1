//! Requests for the certificate of an issuing CA, for a CA elsewhere to sign (RFC 2986).

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

/// A request, signed by its own key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityRequest {
    der: Vec<u8>,
    subject: String,
    public_key: PublicKey,
}

impl AuthorityRequest {
    /// Has a request signed: for a CA of this name, with no CA below it, whose key signs certificates and
    /// CRLs. What the certificate will say is decided by who signs it.
    ///
    /// # Errors
    /// When the key is of no kind that issuers have, or the signer does not sign.
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

    /// Reads a request that was made here.
    ///
    /// # Errors
    /// When the bytes are none.
    pub fn from_der(der: &[u8]) -> Result<Self, AuthorityRequestError> {
        let request = CertReq::from_der(der)?;
        let signed = Signed::from_der(der)?;
        let spki = raw::elements(signed.message)?.get(2).copied().unwrap_or_default();
        let public_key = PublicKey::from_spki_der(spki).map_err(|_| AuthorityRequestError::KeyType)?;
        Ok(Self { der: der.to_vec(), subject: request.info.subject.to_string(), public_key })
    }

    /// Its DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its PEM, with a newline at the end.
    pub fn pem(&self) -> String {
        pem("CERTIFICATE REQUEST", &self.der)
    }

    /// The name that is asked for, for people.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The key that is to be certified.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }
}

/// Why there is no request.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityRequestError {
    /// The key is of a kind that issuers do not have.
    #[error("the key is of no kind that issuers have")]
    KeyType,
    /// A part has no encoding, or the bytes are no request.
    #[error("the request is not well-formed")]
    Malformed(#[from] der::Error),
    /// The signer did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// It signed something else, or with another key.
    #[error("the signer's answer does not verify with the key of the request")]
    Signature(#[from] SignatureError),
}
