//! Why a public key is refused.
//!
//! No message repeats what the client sent, so each may be shown in a problem document.

use crate::Algorithm;

/// Why something is not a [`PublicKey`](crate::PublicKey).
///
/// [`Malformed`](Self::Malformed) is the fault of the encoding (RFC 8555 `malformed`); every other
/// variant is a key that could be read but is not accepted (`badPublicKey`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is not a well-formed key at all.
    #[error(transparent)]
    Malformed(#[from] MalformedKey),
    /// The type is none of EC, RSA and OKP (as a JWK), or the algorithm of the SubjectPublicKeyInfo
    /// is another.
    #[error("this type of key is not accepted: use EC (P-256, P-384, P-521), RSA (2048 to 4096 bits) or Ed25519")]
    UnsupportedType,
    /// The curve is none of P-256, P-384, P-521 and Ed25519, or its parameters are spelled out
    /// instead of named.
    #[error("this curve is not accepted: use P-256, P-384, P-521 or Ed25519")]
    UnsupportedCurve,
    /// The JWK's own `alg` member is not the one algorithm of its type (RFC 7517 §4.4).
    #[error("the JWK says that it is for another algorithm than {expected}")]
    AlgorithmMismatch {
        /// The algorithm of keys of this type.
        expected: Algorithm,
    },
    /// The modulus is too small.
    #[error("an RSA key of {bits} bits is too small: at least 2048 are required")]
    RsaTooSmall {
        /// Length of the modulus.
        bits: usize,
    },
    /// The modulus is so large that verifying would be costly.
    #[error("an RSA key of {bits} bits is too large: at most 4096 are accepted")]
    RsaTooLarge {
        /// Length of the modulus.
        bits: usize,
    },
    /// The coordinates are not a point of the curve, or not in their one canonical form.
    #[error("the public key is not a point on its curve")]
    PointNotOnCurve,
    /// The key can be broken.
    #[error("the key is weak: {0}")]
    Weak(#[from] WeakKey),
    /// The rules here passed, but the library that verifies signatures does not take the key.
    #[error("the public key cannot be used for verifying")]
    Unusable,
}

/// How the encoding of a key is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedKey {
    /// The JWK is not a JSON object.
    #[error("the JWK is not a JSON object")]
    NotAnObject,
    /// The JWK has two members of one name.
    #[error("the JWK has two members of the same name")]
    RepeatedMember,
    /// The JWK lacks a member that its type needs.
    #[error("the JWK has no \"{0}\"")]
    MissingMember(&'static str),
    /// A member of the JWK is not a string, not base64url, or not of the required length (RFC 7518
    /// §6).
    #[error("the JWK member \"{0}\" is not in its required form")]
    MalformedMember(&'static str),
    /// The JWK discloses a private key. That key should not be used again anywhere.
    #[error("the JWK holds the private member \"{0}\": this key is now disclosed and must not be used any more")]
    PrivateMember(&'static str),
    /// The octets are not one DER SubjectPublicKeyInfo with a key inside in its required form.
    #[error("the public key is not a well-formed SubjectPublicKeyInfo")]
    SubjectPublicKeyInfo,
}

/// The ways in which a readable key is unsafe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakKey {
    /// The primes are so near to each other that Fermat's method finds them at once.
    #[error("the primes of the RSA modulus are too close to each other")]
    ClosePrimes,
    /// The public exponent is even, below 65537 or above 33 bits.
    #[error("the RSA exponent must be odd, at least 65537 and at most 33 bits long")]
    Exponent,
    /// The modulus has the form of keys made by the library of CVE-2017-15361.
    #[error("the RSA modulus has the ROCA fingerprint")]
    Roca,
    /// The modulus is even or has a small prime factor.
    #[error("the RSA modulus has a small factor")]
    SmallFactor,
    /// The Ed25519 point has small order, so that one signature fits nearly every message.
    #[error("the Ed25519 point has small order")]
    SmallOrder,
}
