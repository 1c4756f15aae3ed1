//! Public keys of accounts and certificates, and the rules that each must pass.
//!
//! | key | read from | checked |
//! | --- | --- | --- |
//! | P-256, P-384, P-521 | named curve, uncompressed point, coordinates in full length | the point is on the curve |
//! | Ed25519 | 32 octets | the point is on the curve, canonical, not of small order |
//! | RSA | minimal integers | see [`rsa`] |
//!
//! Invariants: a [`PublicKey`] exists only if it passed the rules, whether it came from a client or
//! from storage; its SubjectPublicKeyInfo is canonical DER, so octets are equal if and only if keys
//! are equal; its type allows exactly one [`Algorithm`].

pub(crate) mod elliptic_curve;
mod kind;
pub(crate) mod rsa;
mod spki;

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519, ParsedPublicKey,
        RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm,
    },
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;

pub use kind::KeyKind;

use crate::{
    Algorithm, KeyError, Thumbprint, base64url,
    jwk::{EncodedKey, Jwk, ReceivedJwk},
    members::Members,
};

/// A public key that passed the rules. Cloning is cheap.
#[derive(Clone)]
pub struct PublicKey(Arc<Parts>);

struct Parts {
    kind: KeyKind,
    jwk: Jwk,
    spki: Vec<u8>,
    /// Parsed once: verifying again with the same value saves the parsing, and for RSA the
    /// Montgomery set-up.
    verifier: ParsedPublicKey,
}

impl PublicKey {
    /// Parses a JWK (RFC 7517) and applies the rules.
    ///
    /// # Errors
    /// The value is not a well-formed public JWK, or a rule refuses the key.
    pub fn from_jwk(jwk: &RawValue) -> Result<Self, KeyError> {
        Self::from_jwk_str(jwk.get())
    }

    /// Parses the text of a JWK and applies the rules.
    ///
    /// # Errors
    /// Those of [`Self::from_jwk`].
    pub fn from_jwk_str(jwk: &str) -> Result<Self, KeyError> {
        Self::from_received(&ReceivedJwk::parse(jwk)?)
    }

    /// Parses a DER SubjectPublicKeyInfo (RFC 5280 §4.1, RFC 3279 §2.3.1, RFC 5480 §2, RFC 8410 §4)
    /// and applies the rules.
    ///
    /// # Errors
    /// The octets are not exactly one such structure in strict DER, or a rule refuses the key.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        Self::from_encoded(spki::decode(der)?)
    }

    /// The SubjectPublicKeyInfo in canonical DER.
    pub fn spki_der(&self) -> &[u8] {
        &self.0.spki
    }

    /// The contents of the BIT STRING in the SubjectPublicKeyInfo, from which key identifiers are
    /// made (RFC 5280 §4.2.1.2).
    pub fn subject_public_key(&self) -> &[u8] {
        self.0.verifier.as_ref()
    }

    /// The SHA-256 thumbprint (RFC 7638).
    pub fn thumbprint(&self) -> Thumbprint {
        self.0.jwk.thumbprint()
    }

    /// The hash by which lists of keys in the format of badkeys know the key (BKHASH120): the first
    /// 120 bits of SHA-256 over one number of the key, big-endian and without leading zeros. That
    /// is the modulus of RSA, the x coordinate of a point, and the octets of an Ed25519 key.
    pub fn bkhash120(&self) -> [u8; 15] {
        let (Jwk::Rsa { n: number, .. } | Jwk::Ec { x: number, .. } | Jwk::Okp { x: number }) = &self.0.jwk;
        // It was encoded here, so it decodes.
        let number = base64url::decode(number).unwrap_or_default();
        let zeros = number.iter().take_while(|octet| **octet == 0).count();
        let hash = digest(&SHA256, number.get(zeros..).unwrap_or_default());
        let mut bits = [0; 15];
        bits.iter_mut().zip(hash.as_ref()).for_each(|(bit, octet)| *bit = *octet);
        bits
    }

    /// The type and size of the key.
    pub fn kind(&self) -> KeyKind {
        self.0.kind
    }

    /// The only JWS algorithm for keys of this type.
    pub fn algorithm(&self) -> Algorithm {
        self.0.kind.algorithm()
    }

    /// Verifies a signature in the form that JWS uses: for ECDSA `r ‖ s`, both in the full length
    /// of the group order (RFC 7518 §3.4), for Ed25519 64 octets, for RSA as many octets as the
    /// modulus.
    ///
    /// # Errors
    /// The algorithm is not that of this key, or the signature was not made with this key over the
    /// message.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        if algorithm != self.algorithm() {
            return Err(SignatureError::AlgorithmMismatch { algorithm, key: self.kind() });
        }
        self.0.verifier.verify_sig(message, signature).map_err(|_| SignatureError::BadSignature)
    }

    fn from_received(jwk: &ReceivedJwk<'_>) -> Result<Self, KeyError> {
        let key = Self::from_encoded(jwk.encoded_key()?)?;
        jwk.check_algorithm(key.algorithm())?;
        Ok(key)
    }

    /// The only place where a key is constructed.
    fn from_encoded(key: EncodedKey) -> Result<Self, KeyError> {
        let (kind, jwk) = match &key {
            EncodedKey::Ec(curve, point) => {
                let (x, y) = curve.check(point)?;
                let (x, y) = (base64url::encode(x), base64url::encode(y));
                (curve.kind(), Jwk::Ec { crv: curve.name(), x, y })
            }
            EncodedKey::Ed25519(point) => {
                elliptic_curve::check_ed25519(point)?;
                (KeyKind::Ed25519, Jwk::Okp { x: base64url::encode(point) })
            }
            EncodedKey::Rsa(der) => {
                let rsa = rsa::check(der)?;
                let (e, n) = (base64url::encode(rsa.exponent), base64url::encode(rsa.modulus));
                (KeyKind::Rsa { bits: rsa.bits }, Jwk::Rsa { e, n })
            }
        };
        let verifier = ParsedPublicKey::new(verification(kind), key.octets()).map_err(|_| KeyError::Unusable)?;
        Ok(Self(Arc::new(Parts { kind, jwk, spki: spki::encode(&key)?, verifier })))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}, {})", self.kind(), self.thumbprint())
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki_der() == other.spki_der()
    }
}

impl Eq for PublicKey {}

impl Hash for PublicKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.spki_der().hash(state);
    }
}

impl Serialize for PublicKey {
    /// Serializes as a JWK object.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.jwk.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    /// Deserializes from a JWK object. The rules apply here too, so a stored key is as good as a
    /// new one.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ReceivedJwk::from_members(Members::deserialize(deserializer)?)
            .and_then(|jwk| Self::from_received(&jwk))
            .map_err(de::Error::custom)
    }
}

/// Why a signature is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The algorithm is not for keys of this type.
    #[error("{algorithm} does not fit a key of type {key}: use {}", key.algorithm())]
    AlgorithmMismatch {
        /// The algorithm that was requested.
        algorithm: Algorithm,
        /// The type of the key.
        key: KeyKind,
    },
    /// The signature was not made with this key over this message.
    #[error("the signature is not valid")]
    BadSignature,
}

fn verification(kind: KeyKind) -> &'static dyn VerificationAlgorithm {
    match kind {
        KeyKind::P256 => &ECDSA_P256_SHA256_FIXED,
        KeyKind::P384 => &ECDSA_P384_SHA384_FIXED,
        KeyKind::P521 => &ECDSA_P521_SHA512_FIXED,
        KeyKind::Rsa { .. } => &RSA_PKCS1_2048_8192_SHA256,
        KeyKind::Ed25519 => &ED25519,
    }
}
