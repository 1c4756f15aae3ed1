//! Issuers: CA certificates whose keys a signer holds.

use std::{fmt, str::FromStr};

use acme::UnknownMembers;
use async_trait::async_trait;
use ca::KeyHandle;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Creation, StoreError};

/// The issuers.
#[async_trait]
pub trait IssuerStore: Send + Sync {
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

    /// Puts `after` in the place of `before`, which must be stored exactly so. When `after` is stored
    /// already, nothing changes.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when something else is stored; [`StoreError::Unavailable`],
    /// [`StoreError::Corrupt`].
    async fn update_issuer(&self, before: &IssuerRecord, after: &IssuerRecord) -> Result<(), StoreError>;

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
    /// Its certificate; none while it is requested from a CA elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Der>,
    /// The issuer of its certificate; its own id when it is a root, or when that issuer is elsewhere.
    pub parent: IssuerId,
    /// How many CRLs share its revocations; fixed for life.
    pub crl_shards: u16,
    /// The request for its certificate (RFC 2986), when a CA elsewhere was to sign it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Der>,
    /// The certificates above its own, when they are of CAs elsewhere: the nearest first, a root last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<Der>,
    /// Since when it issues no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired_at: Option<Timestamp>,
    /// The id that the signer gave the request for the signature of its certificate, where that was made
    /// here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer_request: Option<String>,
    /// What a newer version knows of it.
    #[serde(flatten)]
    pub unknown: UnknownMembers,
}

impl IssuerRecord {
    /// What it does at present.
    pub fn state(&self) -> IssuerState {
        match (&self.certificate, self.retired_at) {
            (None, _) => IssuerState::Requested,
            (Some(_), None) => IssuerState::Active,
            (Some(_), Some(_)) => IssuerState::Retired,
        }
    }
}

/// What an issuer does at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IssuerState {
    /// It waits for its certificate.
    Requested,
    /// It signs what its role says.
    Active,
    /// It signs CRLs alone, for what it issued before.
    Retired,
}

impl fmt::Display for IssuerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Requested => "requested",
            Self::Active => "active",
            Self::Retired => "retired",
        })
    }
}

/// DER; base64url in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Der(#[serde(with = "jose::base64url")] pub Vec<u8>);

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_the_first_version_reads_as_an_active_issuer_and_is_written_as_it_was() {
        let text = r#"{"id":"issuing","role":"issuing","key":"k","certificate":"MAA","parent":"root","crl_shards":1}"#;
        let record: IssuerRecord = serde_json::from_str(text).unwrap();
        assert_eq!((record.state(), record.certificate.clone()), (IssuerState::Active, Some(Der(vec![0x30, 0]))));
        assert_eq!(serde_json::to_string(&record).unwrap(), text);
    }

    #[test]
    fn what_an_issuer_does_follows_from_its_certificate_and_its_retirement() {
        let text = r#"{"id":"a","role":"issuing","key":"k","parent":"a","crl_shards":1,"request":"MAA"}"#;
        let requested: IssuerRecord = serde_json::from_str(text).unwrap();
        assert_eq!(requested.state(), IssuerState::Requested);
        let active = IssuerRecord { certificate: requested.request.clone(), ..requested };
        assert_eq!(active.state(), IssuerState::Active);
        let retired = IssuerRecord { retired_at: Some(Timestamp::UNIX_EPOCH), ..active };
        assert_eq!(retired.state(), IssuerState::Retired);
    }
}
