//! JWS as RFC 8555 §6.2 restricts it: flattened JSON (RFC 7515 §7.2.2), all parameters in the
//! protected header, one signature, one key, a closed set of algorithms.
//!
//! The payload of an [`UnverifiedJws`] cannot be read. Only [`UnverifiedJws::verify`] makes a
//! [`VerifiedJws`], which gives access to it.

mod error;
mod flattened;

use std::str;

use serde_json::value::RawValue;

pub use error::{JwsError, MalformedJws};
pub(crate) use flattened::{FlattenedJws, ProtectedHeader};

use crate::{Algorithm, Printable, PublicKey, SignatureError, base64url};

/// The maximum length of a JWS, in octets. A request for a certificate with a hundred names needs a
/// tenth of it.
pub const MAX_JWS_LEN: usize = 64 * 1024;

/// A well-formed JWS. Its signature has not been verified.
#[derive(Debug)]
pub struct UnverifiedJws {
    algorithm: Algorithm,
    key: KeyReference,
    nonce: Option<String>,
    url: String,
    payload: Vec<u8>,
    signing_input: Vec<u8>,
    signature: Vec<u8>,
}

impl UnverifiedJws {
    /// Parses a request body, or the inner JWS of a key change (RFC 8555 §7.3.5).
    ///
    /// The nonce is optional, because an inner JWS has none; if there is one, it must be
    /// well-formed base64url (RFC 8555 §6.5.2). Unknown header parameters are ignored, except
    /// `crit` and `b64`.
    ///
    /// # Errors
    /// The JWS does not have the required form, the algorithm is not accepted, or the embedded key
    /// is refused.
    pub fn parse(body: &[u8]) -> Result<Self, JwsError> {
        if body.len() > MAX_JWS_LEN {
            return Err(MalformedJws::TooLarge.into());
        }
        let body = str::from_utf8(body).map_err(|_| MalformedJws::NotAnObject)?;
        let FlattenedJws { protected, signing_input, payload, signature } = FlattenedJws::parse(body)?;
        let header = ProtectedHeader::parse(&protected)?;

        let algorithm = header.string("alg")?;
        let algorithm =
            algorithm.parse().map_err(|_| JwsError::UnsupportedAlgorithm { algorithm: Printable::new(&algorithm) })?;
        let key = match (header.find("jwk"), header.find("kid")) {
            (Some(jwk), None) => embedded_key(jwk, algorithm)?,
            (None, Some(_)) => KeyReference::Kid(header.string("kid")?),
            (Some(_), Some(_)) => return Err(MalformedJws::JwkAndKid.into()),
            (None, None) => return Err(MalformedJws::NeitherJwkNorKid.into()),
        };
        let nonce = header.find("nonce").map(|_| header.string("nonce")).transpose()?;
        if nonce.as_deref().is_some_and(|nonce| base64url::decode(nonce).is_err()) {
            return Err(MalformedJws::MalformedParameter("nonce").into());
        }
        let url = header.string("url")?;
        Ok(Self { algorithm, key, nonce, url, payload, signing_input, signature })
    }

    /// The `jwk` or `kid` header parameter.
    pub fn key(&self) -> &KeyReference {
        &self.key
    }

    /// The `nonce` header parameter (RFC 8555 §6.5.2), if there is one: well-formed base64url.
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    /// The `url` header parameter (RFC 8555 §6.4), as it was sent.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Verifies the signature with the embedded key, or with the key that the caller found for
    /// `kid`.
    ///
    /// # Errors
    /// The algorithm is not that of the key, the signature was not made with the key, or the JWS
    /// embeds a key other than this one.
    pub fn verify(self, key: &PublicKey) -> Result<VerifiedJws, JwsError> {
        if matches!(&self.key, KeyReference::Jwk(embedded) if embedded != key) {
            return Err(JwsError::BadSignature);
        }
        key.verify(self.algorithm, &self.signing_input, &self.signature)?;
        Ok(VerifiedJws { url: self.url, payload: self.payload })
    }
}

/// A JWS whose signature was verified.
#[derive(Debug)]
pub struct VerifiedJws {
    url: String,
    payload: Vec<u8>,
}

impl VerifiedJws {
    /// The payload; empty for POST-as-GET (RFC 8555 §6.3).
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The `url` header parameter.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// How a JWS identifies its signer (RFC 8555 §6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyReference {
    /// The key itself, which passed the rules and fits the algorithm.
    Jwk(PublicKey),
    /// The URL of an account.
    Kid(String),
}

fn embedded_key(jwk: &RawValue, algorithm: Algorithm) -> Result<KeyReference, JwsError> {
    let key = PublicKey::from_jwk(jwk)?;
    if key.algorithm() == algorithm {
        Ok(KeyReference::Jwk(key))
    } else {
        Err(SignatureError::AlgorithmMismatch { algorithm, key: key.kind() }.into())
    }
}
