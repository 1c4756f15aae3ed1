//! The types of keys that are accepted.

use std::fmt;

use crate::Algorithm;

/// Type and size of a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// NIST P-256 (secp256r1).
    P256,
    /// NIST P-384 (secp384r1).
    P384,
    /// NIST P-521 (secp521r1).
    P521,
    /// RSA.
    Rsa {
        /// The length of the modulus in bits, 2048 to 4096.
        bits: usize,
    },
    /// Ed25519 (RFC 8032).
    Ed25519,
}

impl KeyKind {
    /// The only JWS algorithm for keys of this type.
    pub const fn algorithm(self) -> Algorithm {
        match self {
            Self::P256 => Algorithm::Es256,
            Self::P384 => Algorithm::Es384,
            Self::P521 => Algorithm::Es512,
            Self::Rsa { .. } => Algorithm::Rs256,
            Self::Ed25519 => Algorithm::EdDsa,
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::P256 => f.pad("ECDSA P-256"),
            Self::P384 => f.pad("ECDSA P-384"),
            Self::P521 => f.pad("ECDSA P-521"),
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
            Self::Ed25519 => f.pad("Ed25519"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_read_as_people_write_them() {
        let kinds = [KeyKind::P256, KeyKind::P384, KeyKind::P521, KeyKind::Rsa { bits: 3072 }, KeyKind::Ed25519];
        let texts = kinds.map(|kind| kind.to_string());
        assert_eq!(texts, ["ECDSA P-256", "ECDSA P-384", "ECDSA P-521", "RSA 3072", "Ed25519"]);
        assert_eq!(kinds.map(KeyKind::algorithm), Algorithm::ALL);
    }
}
