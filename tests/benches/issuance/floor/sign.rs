//! The cryptography that no CA can leave out.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::{self, SystemRandom},
    signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED, EcdsaKeyPair, KeyPair as _,
        UnparsedPublicKey,
    },
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use x509_cert::{
    der::{Decode, Encode},
    request::CertReq,
};

use crate::connection::Failure;

/// A point of P-256, uncompressed.
pub(super) struct PublicKey(Vec<u8>);

impl PublicKey {
    pub(super) fn of(x: &[u8], y: &[u8]) -> Self {
        Self([&[4], x, y].concat())
    }

    /// Verifies a signature of a JWS (RFC 7518 §3.4).
    pub(super) fn verify_fixed(&self, message: &[u8], signature: &[u8]) -> Result<(), Failure> {
        Ok(UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.0).verify(message, signature)?)
    }
}

/// The thumbprint of a key on P-256 (RFC 7638).
pub(super) fn thumbprint(x: &str, y: &str) -> String {
    let jwk = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, jwk.as_bytes()))
}

/// Verifies that a certificate request is signed by its own key (RFC 2986 §4.2).
pub(super) fn verify_request(der: &[u8]) -> Result<(), Failure> {
    let request = CertReq::from_der(der)?;
    let key = request.info.public_key.subject_public_key.raw_bytes();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key);
    Ok(key.verify(&request.info.to_der()?, request.signature.raw_bytes())?)
}

/// The key of the CA.
pub(super) struct Signer(EcdsaKeyPair);

impl Signer {
    pub(super) fn new() -> Result<Self, Failure> {
        Ok(Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)?))
    }

    /// Signs as many octets as a certificate has, verifies the signature, and returns it as text.
    pub(super) fn sign_and_verify(&self) -> Result<String, Failure> {
        let mut certificate = [0; CERTIFICATE];
        if let Some(serial) = certificate.first_chunk_mut::<16>() {
            rand::fill(serial)?;
        }
        let signature = self.0.sign(&SystemRandom::new(), &certificate)?;
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, self.0.public_key());
        key.verify(&certificate, signature.as_ref())?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Octets of a certificate without its signature.
const CERTIFICATE: usize = 560;
