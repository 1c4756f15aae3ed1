//! Signatures: the algorithms of the issuers, and the verification of what clients send.

use aws_lc_rs::signature as lc;
use const_oid::db::rfc5912;
use der::{asn1::Any, oid::ObjectIdentifier};
use jose::{KeyKind, PublicKey};
use serde::{Deserialize, Serialize};
use x509_cert::spki::AlgorithmIdentifierOwned;

/// The algorithm with which an issuer signs. It follows from the key, so it is never a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SignatureAlgorithm {
    /// ECDSA with SHA-256, for keys on P-256.
    EcdsaSha256,
    /// ECDSA with SHA-384, for keys on P-384.
    EcdsaSha384,
    /// RSA PKCS#1 v1.5 with SHA-256.
    RsaSha256,
}

impl SignatureAlgorithm {
    /// The algorithm of a key; `None` if an issuer may not have such a key.
    pub fn of(key: &PublicKey) -> Option<Self> {
        match key.kind() {
            KeyKind::P256 => Some(Self::EcdsaSha256),
            KeyKind::P384 => Some(Self::EcdsaSha384),
            KeyKind::Rsa { .. } => Some(Self::RsaSha256),
            KeyKind::P521 | KeyKind::Ed25519 => None,
        }
    }

    /// The `AlgorithmIdentifier`: without parameters for ECDSA (RFC 5758 §3.2), with NULL for RSA
    /// (RFC 4055 §5).
    pub(crate) fn identifier(self) -> AlgorithmIdentifierOwned {
        let (oid, parameters) = match self {
            Self::EcdsaSha256 => (rfc5912::ECDSA_WITH_SHA_256, None),
            Self::EcdsaSha384 => (rfc5912::ECDSA_WITH_SHA_384, None),
            Self::RsaSha256 => (rfc5912::SHA_256_WITH_RSA_ENCRYPTION, Some(Any::null())),
        };
        AlgorithmIdentifierOwned { oid, parameters }
    }

    /// Verifies a signature over `message`.
    ///
    /// # Errors
    /// The key is not for this algorithm, or did not make the signature.
    pub fn verify(self, key: &PublicKey, message: &[u8], signature: &Signature) -> Result<(), SignatureError> {
        if Self::of(key) != Some(self) {
            return Err(SignatureError::Key);
        }
        let hash = match self {
            Self::EcdsaSha256 | Self::RsaSha256 => Hash::Sha256,
            Self::EcdsaSha384 => Hash::Sha384,
        };
        verify(key, Some(hash), message, signature)
    }
}

/// The contents of the BIT STRING of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    octets: Vec<u8>,
    request: Option<String>,
}

/// Something that was signed, with what leads to the signer's record of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued<T> {
    /// The certificate or the CRL.
    pub value: T,
    /// The id that the signer gave the request; `None` where it gives none.
    pub signer_request: Option<String>,
}

impl Signature {
    /// A signature in the form in which the signer returned it: the DER of `r` and `s` for ECDSA,
    /// the number for RSA.
    pub fn new(octets: Vec<u8>) -> Self {
        Self { octets, request: None }
    }

    /// The signature with the id that the signer gave the request for it, by which its log is
    /// searched.
    #[must_use]
    pub fn with_request(self, id: Option<&str>) -> Self {
        Self { request: id.map(str::to_owned), ..self }
    }

    /// What was signed, with that id.
    pub(crate) fn issued<T>(&self, value: T) -> Issued<T> {
        Issued { value, signer_request: self.request.clone() }
    }

    /// The contents of the BIT STRING, without the count of unused bits.
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets
    }
}

/// Why a signature is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It was made with an algorithm that is no longer secure.
    #[error("signatures with {0} are not accepted, use SHA-256 or better")]
    Weak(&'static str),
    /// The algorithm is not supported.
    #[error("the signature algorithm {0} is not supported")]
    Unsupported(ObjectIdentifier),
    /// The algorithm is for keys of another type, or has parameters that it must not have.
    #[error("the signature algorithm does not fit the key")]
    Key,
    /// It was not made with this key over these bytes.
    #[error("the signature does not verify")]
    Invalid,
}

/// Verifies a signature of any key that a certificate may have, with the algorithm that the signed
/// object states (RFC 5758, RFC 4055, RFC 8410).
pub(crate) fn verify_stated(
    algorithm: &AlgorithmIdentifierOwned,
    key: &PublicKey,
    message: &[u8],
    signature: &Signature,
) -> Result<(), SignatureError> {
    let (family, hash) = ACCEPTED
        .iter()
        .find(|(oid, ..)| *oid == algorithm.oid)
        .map(|(_, family, hash)| (*family, *hash))
        .ok_or_else(|| not_accepted(algorithm.oid))?;
    // Absent for ECDSA and Ed25519, NULL for RSA. Libraries write either, and nothing follows from
    // it.
    let parameters_fit = algorithm.parameters.as_ref().is_none_or(|parameters| *parameters == Any::null());
    if family != Family::of(key) || !parameters_fit {
        return Err(SignatureError::Key);
    }
    verify(key, hash, message, signature)
}

fn not_accepted(oid: ObjectIdentifier) -> SignatureError {
    match WEAK.iter().find(|(weak, _)| *weak == oid) {
        Some((_, hash)) => SignatureError::Weak(hash),
        None => SignatureError::Unsupported(oid),
    }
}

fn verify(key: &PublicKey, hash: Option<Hash>, message: &[u8], signature: &Signature) -> Result<(), SignatureError> {
    let algorithm: &'static dyn lc::VerificationAlgorithm = match (key.kind(), hash) {
        (KeyKind::P256, Some(Hash::Sha256)) => &lc::ECDSA_P256_SHA256_ASN1,
        (KeyKind::P256, Some(Hash::Sha384)) => &lc::ECDSA_P256_SHA384_ASN1,
        (KeyKind::P256, Some(Hash::Sha512)) => &lc::ECDSA_P256_SHA512_ASN1,
        (KeyKind::P384, Some(Hash::Sha256)) => &lc::ECDSA_P384_SHA256_ASN1,
        (KeyKind::P384, Some(Hash::Sha384)) => &lc::ECDSA_P384_SHA384_ASN1,
        (KeyKind::P384, Some(Hash::Sha512)) => &lc::ECDSA_P384_SHA512_ASN1,
        (KeyKind::P521, Some(Hash::Sha256)) => &lc::ECDSA_P521_SHA256_ASN1,
        (KeyKind::P521, Some(Hash::Sha384)) => &lc::ECDSA_P521_SHA384_ASN1,
        (KeyKind::P521, Some(Hash::Sha512)) => &lc::ECDSA_P521_SHA512_ASN1,
        (KeyKind::Rsa { .. }, Some(Hash::Sha256)) => &lc::RSA_PKCS1_2048_8192_SHA256,
        (KeyKind::Rsa { .. }, Some(Hash::Sha384)) => &lc::RSA_PKCS1_2048_8192_SHA384,
        (KeyKind::Rsa { .. }, Some(Hash::Sha512)) => &lc::RSA_PKCS1_2048_8192_SHA512,
        (KeyKind::Ed25519, None) => &lc::ED25519,
        _ => return Err(SignatureError::Key),
    };
    lc::UnparsedPublicKey::new(algorithm, key.subject_public_key())
        .verify(message, signature.as_bytes())
        .map_err(|_| SignatureError::Invalid)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Ecdsa,
    Ed25519,
    Rsa,
}

impl Family {
    fn of(key: &PublicKey) -> Self {
        match key.kind() {
            KeyKind::P256 | KeyKind::P384 | KeyKind::P521 => Self::Ecdsa,
            KeyKind::Rsa { .. } => Self::Rsa,
            KeyKind::Ed25519 => Self::Ed25519,
        }
    }
}

#[derive(Clone, Copy)]
enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

const ACCEPTED: [(ObjectIdentifier, Family, Option<Hash>); 7] = [
    (rfc5912::ECDSA_WITH_SHA_256, Family::Ecdsa, Some(Hash::Sha256)),
    (rfc5912::ECDSA_WITH_SHA_384, Family::Ecdsa, Some(Hash::Sha384)),
    (rfc5912::ECDSA_WITH_SHA_512, Family::Ecdsa, Some(Hash::Sha512)),
    (rfc5912::SHA_256_WITH_RSA_ENCRYPTION, Family::Rsa, Some(Hash::Sha256)),
    (rfc5912::SHA_384_WITH_RSA_ENCRYPTION, Family::Rsa, Some(Hash::Sha384)),
    (rfc5912::SHA_512_WITH_RSA_ENCRYPTION, Family::Rsa, Some(Hash::Sha512)),
    (const_oid::db::rfc8410::ID_ED_25519, Family::Ed25519, None),
];

/// Weak algorithms, by the names that the refusal uses.
const WEAK: [(ObjectIdentifier, &str); 6] = [
    (rfc5912::MD_2_WITH_RSA_ENCRYPTION, "MD2"),
    (rfc5912::MD_5_WITH_RSA_ENCRYPTION, "MD5"),
    (rfc5912::SHA_1_WITH_RSA_ENCRYPTION, "SHA-1"),
    (rfc5912::SHA_224_WITH_RSA_ENCRYPTION, "SHA-224"),
    (ECDSA_WITH_SHA_1, "SHA-1"),
    (rfc5912::ECDSA_WITH_SHA_224, "SHA-224"),
];

/// `ecdsa-with-SHA1` (RFC 3279 §2.2.3).
const ECDSA_WITH_SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.1");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{Authorities, public_key};

    #[test]
    fn an_algorithm_verifies_with_keys_of_its_own_kind_only() {
        let signature = Signature::new(vec![0; 64]);
        let key = public_key();
        for (algorithm, error) in [
            (SignatureAlgorithm::EcdsaSha256, SignatureError::Invalid),
            (SignatureAlgorithm::EcdsaSha384, SignatureError::Key),
            (SignatureAlgorithm::RsaSha256, SignatureError::Key),
        ] {
            assert_eq!(algorithm.verify(&key, b"message", &signature), Err(error));
        }
    }

    #[test]
    fn threat_21_an_ecdsa_signature_of_zeros_is_refused() {
        let issuing = &Authorities::shared().issuing;
        let zeros = Signature::new(vec![0x30, 6, 2, 1, 0, 2, 1, 0]);
        let outcome = issuing.algorithm().verify(issuing.public_key(), b"message", &zeros);
        assert_eq!(outcome, Err(SignatureError::Invalid));
    }
}
