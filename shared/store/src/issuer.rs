//! Issuers: CA certificates whose keys a signer holds.

use std::{fmt, str::FromStr};

use async_trait::async_trait;
use ca::KeyHandle;
use serde::{Deserialize, Serialize};

use crate::{Creation, StoreError};

/// The issuers.
#[async_trait]
pub trait IssuerStore {
    /// Stores the issuer unless there is one of that id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn create_issuer_if_absent(&self, issuer: &IssuerRecord) -> Result<Creation<IssuerRecord>, StoreError>;

    /// The issuer of that id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn issuer(&self, id: &IssuerId) -> Result<Option<IssuerRecord>, StoreError>;

    /// All issuers, by id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn issuers(&self) -> Result<Vec<IssuerRecord>, StoreError>;
}

/// An issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuerRecord {
    /// Its name; RA Profiles refer to it, and URLs of its CRLs hold it.
    pub id: IssuerId,
    /// What it may sign.
    pub role: IssuerRole,
    /// Which key of the signer is its.
    pub key: KeyHandle,
    /// DER of its certificate.
    #[serde(with = "jose::base64url")]
    pub certificate: Vec<u8>,
    /// The issuer of its certificate; its own id when it is a root.
    pub parent: IssuerId,
    /// How many CRLs share its revocations; fixed for life.
    pub crl_shards: u16,
}

/// What an issuer may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IssuerRole {
    /// Issuers, and CRLs for them.
    Root,
    /// End-entity certificates, and CRLs for them.
    Issuing,
}

/// The name of an issuer: 1–64 of `a-z 0-9 -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IssuerId(String);

impl IssuerId {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IssuerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for IssuerId {
    type Err = IssuerIdError;

    fn from_str(text: &str) -> Result<Self, IssuerIdError> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=64).contains(&text.len()) || !text.bytes().all(fits) {
            return Err(IssuerIdError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for IssuerId {
    type Error = IssuerIdError;

    fn try_from(text: String) -> Result<Self, IssuerIdError> {
        text.parse()
    }
}

impl From<IssuerId> for String {
    fn from(id: IssuerId) -> String {
        id.0
    }
}

/// The text is no issuer's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an issuer's name has 1 to 64 characters of a-z 0-9 -")]
pub struct IssuerIdError;
