//! Why a public key is refused.
//!
//! No message contains what the client sent, so each may be part of a problem document.

use crate::Algorithm;

/// Why something is not a [`PublicKey`](crate::PublicKey).
///
/// [`Malformed`](Self::Malformed) is a fault of the encoding (RFC 8555 `malformed`); every other
/// variant is a key that could be parsed but is not accepted (`badPublicKey`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is not a well-formed key.
    #[error(transparent)]
    Malformed(#[from] MalformedKey),
    /// The type is not EC, RSA or OKP (in a JWK), or the algorithm of the SubjectPublicKeyInfo is
    /// another one.
    #[error("this type of key is not accepted: use EC (P-256, P-384, P-521), RSA (2048 to 4096 bits) or Ed25519")]
    UnsupportedType,
    /// The curve is not P-256, P-384, P-521 or Ed25519, or it is given by explicit parameters
    /// instead of its name.
    #[error("this curve is not accepted: use P-256, P-384, P-521 or Ed25519")]
    UnsupportedCurve,
    /// The `alg` member of the JWK is not the algorithm of keys of its type (RFC 7517 §4.4).
    #[error("the JWK is for an algorithm other than {expected}")]
    AlgorithmMismatch {
        /// The only algorithm of keys of this type.
        expected: Algorithm,
    },
    /// The modulus is too small.
    #[error("an RSA key of {bits} bits is too small: at least 2048 are required")]
    RsaTooSmall {
        /// The length of the modulus in bits.
        bits: usize,
    },
    /// The modulus is so large that verifying signatures would be slow.
    #[error("an RSA key of {bits} bits is too large: at most 4096 are accepted")]
    RsaTooLarge {
        /// The length of the modulus in bits.
        bits: usize,
    },
    /// The coordinates are not a point on the curve, or not in their canonical form.
    #[error("the public key is not a point on its curve")]
    PointNotOnCurve,
    /// The key has a known weakness.
    #[error("the key is weak: {0}")]
    Weak(#[from] WeakKey),
    /// The key passed the rules here, but the library that verifies signatures does not accept it.
    #[error("the public key cannot be used for verifying")]
    Unusable,
}

/// What is wrong with the encoding of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedKey {
    /// The JWK is not a JSON object.
    #[error("the JWK is not a JSON object")]
    NotAnObject,
    /// The JWK has two members with the same name.
    #[error("the JWK has two members of the same name")]
    RepeatedMember,
    /// The JWK lacks a member that its type needs.
    #[error("the JWK has no \"{0}\"")]
    MissingMember(&'static str),
    /// A member of the JWK is not a string, not base64url, or not of the required length (RFC 7518
    /// §6).
    #[error("the JWK member \"{0}\" is not in its required form")]
    MalformedMember(&'static str),
    /// The JWK has a private member. The key is compromised and must not be used again.
    #[error("the JWK holds the private member \"{0}\": this key is now disclosed and must no longer be used")]
    PrivateMember(&'static str),
    /// The octets are not exactly one DER SubjectPublicKeyInfo with a key of the required form.
    #[error("the public key is not a well-formed SubjectPublicKeyInfo")]
    SubjectPublicKeyInfo,
}

/// Why a well-formed key is not safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakKey {
    /// The primes are so close to each other that Fermat's method finds them at once.
    #[error("the primes of the RSA modulus are too close to each other")]
    ClosePrimes,
    /// The public exponent is even, less than 65537, or longer than 33 bits.
    #[error("the RSA exponent must be odd, at least 65537 and at most 33 bits long")]
    Exponent,
    /// The modulus has the form that the faulty library of CVE-2017-15361 produces.
    #[error("the RSA modulus has the ROCA fingerprint")]
    Roca,
    /// The modulus is even or has a small prime factor.
    #[error("the RSA modulus has a small factor")]
    SmallFactor,
    /// The Ed25519 point has small order: one signature would verify for nearly every message.
    #[error("the Ed25519 point has small order")]
    SmallOrder,
}
