//! Key types: those that an issuer may have, and those that a profile can allow for certificates.

use std::{fmt, str::FromStr};

use jose::{KeyKind, PublicKey};
use serde::{Deserialize, Serialize};

/// The key types of roots and issuing CAs. A key management service can hold keys of each of them,
/// and every relying party can verify their signatures; P-521 and Ed25519 are missing for that
/// reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum IssuerKeyType {
    /// ECDSA on P-256.
    #[default]
    #[serde(rename = "P-256")]
    P256,
    /// ECDSA on P-384.
    #[serde(rename = "P-384")]
    P384,
    /// RSA with a modulus of 2048 bits.
    #[serde(rename = "RSA-2048")]
    Rsa2048,
    /// RSA with a modulus of 3072 bits.
    #[serde(rename = "RSA-3072")]
    Rsa3072,
    /// RSA with a modulus of 4096 bits.
    #[serde(rename = "RSA-4096")]
    Rsa4096,
}

impl IssuerKeyType {
    /// Every type, in the order of the variants.
    pub const ALL: [Self; 5] = [Self::P256, Self::P384, Self::Rsa2048, Self::Rsa3072, Self::Rsa4096];

    /// The type of a key; `None` if an issuer may not have such a key.
    pub fn of(key: &PublicKey) -> Option<Self> {
        match key.kind() {
            KeyKind::P256 => Some(Self::P256),
            KeyKind::P384 => Some(Self::P384),
            KeyKind::Rsa { bits: 2048 } => Some(Self::Rsa2048),
            KeyKind::Rsa { bits: 3072 } => Some(Self::Rsa3072),
            KeyKind::Rsa { bits: 4096 } => Some(Self::Rsa4096),
            KeyKind::P521 | KeyKind::Rsa { .. } | KeyKind::Ed25519 => None,
        }
    }

    /// The name of the type in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::Rsa2048 => "RSA-2048",
            Self::Rsa3072 => "RSA-3072",
            Self::Rsa4096 => "RSA-4096",
        }
    }
}

impl fmt::Display for IssuerKeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for IssuerKeyType {
    type Err = UnknownKeyType;

    fn from_str(text: &str) -> Result<Self, UnknownKeyType> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownKeyType)
    }
}

/// The text is not the name of a key type for issuers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("issuer keys are P-256, P-384, RSA-2048, RSA-3072 and RSA-4096")]
pub struct UnknownKeyType;

/// The key types that certificates may have (N10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CertificateKeyType {
    /// ECDSA on P-256.
    #[serde(rename = "P-256")]
    P256,
    /// ECDSA on P-384.
    #[serde(rename = "P-384")]
    P384,
    /// ECDSA on P-521.
    #[serde(rename = "P-521")]
    P521,
    /// RSA with a modulus of 2048 to 4096 bits.
    #[serde(rename = "RSA")]
    Rsa,
    /// Ed25519 (RFC 8410).
    #[serde(rename = "Ed25519")]
    Ed25519,
}

impl CertificateKeyType {
    /// Every type, in the order of the variants.
    pub const ALL: [Self; 5] = [Self::P256, Self::P384, Self::P521, Self::Rsa, Self::Ed25519];

    /// The type of a key.
    pub fn of(key: &PublicKey) -> Self {
        match key.kind() {
            KeyKind::P256 => Self::P256,
            KeyKind::P384 => Self::P384,
            KeyKind::P521 => Self::P521,
            KeyKind::Rsa { .. } => Self::Rsa,
            KeyKind::Ed25519 => Self::Ed25519,
        }
    }

    /// The name of the type in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Rsa => "RSA",
            Self::Ed25519 => "Ed25519",
        }
    }
}

impl fmt::Display for CertificateKeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_from_text_and_from_json() {
        for kind in IssuerKeyType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        for kind in CertificateKeyType::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        for text in ["", "p-256", "P-521", "RSA", "RSA-1024"] {
            assert_eq!(text.parse::<IssuerKeyType>(), Err(UnknownKeyType));
        }
    }
}
