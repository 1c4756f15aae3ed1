//! Issuers: CA certificates whose keys a signer holds.

use std::{fmt, str::FromStr};

use acme::{IssuerRevocationReason, UnknownMembers};
use async_trait::async_trait;
use ca::KeyHandle;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Creation, StoreError};

/// Access to the issuers.
#[async_trait]
pub trait IssuerStore: Send + Sync {
    /// Stores the issuer unless one with that id exists.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn create_issuer_if_absent(&self, issuer: &IssuerRecord) -> Result<Creation<IssuerRecord>, StoreError>;

    /// The issuer with that id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn issuer(&self, id: &IssuerId) -> Result<Option<IssuerRecord>, StoreError>;

    /// Replaces `before` with `after`. If `after` is already stored, nothing changes.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when something else is stored; [`StoreError::Unavailable`],
    /// [`StoreError::Corrupt`].
    async fn update_issuer(&self, before: &IssuerRecord, after: &IssuerRecord) -> Result<(), StoreError>;

    /// All issuers, sorted by id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn issuers(&self) -> Result<Vec<IssuerRecord>, StoreError>;
}

/// An issuer: a CA certificate with a key of the signer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuerRecord {
    /// The name of the issuer, to which RA Profiles refer and which the URLs of its CRLs contain.
    pub id: IssuerId,
    /// What the issuer may sign.
    pub role: IssuerRole,
    /// The issuer's key at the signer.
    pub key: KeyHandle,
    /// Its certificate; `None` while an external CA has not signed the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Der>,
    /// The issuer of its certificate; its own id for a root, and when an external CA signed it.
    pub parent: IssuerId,
    /// The number of CRLs over which its revocations are distributed. It never changes.
    pub crl_shards: u16,
    /// By how much the `thisUpdate` of its CRLs is earlier than their creation.
    #[serde(default, skip_serializing_if = "CrlBackdate::is_usual")]
    pub crl_backdate: CrlBackdate,
    /// The certification request (RFC 2986), if an external CA is to sign it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Der>,
    /// The certificates above its own that external CAs issued: the nearest first, the root last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<Der>,
    /// When it was retired; from then on it issues no certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retired_at: Option<Timestamp>,
    /// The revocation of its certificate; it is retired then, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation: Option<IssuerRevocation>,
    /// The request id that the signer assigned to the signature of its certificate, if that was
    /// signed here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer_request: Option<String>,
    /// Members that a newer version wrote; they are kept when the record is written again.
    #[serde(flatten)]
    pub unknown: UnknownMembers,
}

impl IssuerRecord {
    /// The present state of the issuer.
    pub fn state(&self) -> IssuerState {
        match (&self.certificate, self.retired_at) {
            (None, _) => IssuerState::Requested,
            (Some(_), None) => IssuerState::Active,
            (Some(_), Some(_)) if self.revocation.is_some() => IssuerState::Revoked,
            (Some(_), Some(_)) => IssuerState::Retired,
        }
    }

    /// Whether an external CA signed its certificate, and would have to revoke it.
    pub fn is_below_external_ca(&self) -> bool {
        self.role == IssuerRole::Issuing && self.parent == self.id
    }
}

/// The revocation of the certificate of an issuing CA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuerRevocation {
    /// The time of the revocation, as in the root's CRLs.
    pub at: Timestamp,
    /// The reason code (RFC 5280 §5.3.1).
    pub reason: IssuerRevocationReason,
    /// When the reason was raised to a compromise; `None` if it is the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raised_at: Option<Timestamp>,
}

impl IssuerRevocation {
    /// The time since which the root's CRLs have to say what it says.
    pub fn listed_since(&self) -> Timestamp {
        self.raised_at.unwrap_or(self.at)
    }
}

/// The present state of an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IssuerState {
    /// It waits for its certificate from an external CA.
    Requested,
    /// It signs what its role allows.
    Active,
    /// It only signs CRLs for the certificates that it issued before.
    Retired,
    /// Its certificate is revoked; it only signs CRLs, as when it is retired.
    Revoked,
}

impl fmt::Display for IssuerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Requested => "requested",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
        })
    }
}

/// By how much the `thisUpdate` of CRLs is earlier than their creation: 0 to 86,400 seconds.
///
/// Relying parties refuse every certificate of an issuer whose CRL has not begun by their clocks.
/// Certificates begin five minutes early for the sake of slow clocks, and CRLs do too. With 0 no
/// revocation is later than the `thisUpdate` of a CRL that lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct CrlBackdate(u32);

impl CrlBackdate {
    /// That many seconds.
    ///
    /// # Errors
    /// More than a day.
    pub fn from_secs(seconds: u32) -> Result<Self, CrlBackdateError> {
        if seconds <= MAX_CRL_BACKDATE { Ok(Self(seconds)) } else { Err(CrlBackdateError) }
    }

    /// The number of seconds.
    pub fn as_secs(self) -> u32 {
        self.0
    }

    /// The length of time.
    pub fn duration(self) -> SignedDuration {
        SignedDuration::from_secs(self.0.into())
    }

    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for CrlBackdate {
    /// Five minutes, as certificates.
    fn default() -> Self {
        Self(300)
    }
}

impl TryFrom<u32> for CrlBackdate {
    type Error = CrlBackdateError;

    fn try_from(seconds: u32) -> Result<Self, CrlBackdateError> {
        Self::from_secs(seconds)
    }
}

impl From<CrlBackdate> for u32 {
    fn from(backdate: CrlBackdate) -> Self {
        backdate.0
    }
}

impl FromStr for CrlBackdate {
    type Err = CrlBackdateError;

    fn from_str(text: &str) -> Result<Self, CrlBackdateError> {
        text.parse().map_err(|_| CrlBackdateError).and_then(Self::from_secs)
    }
}

/// The number of seconds is out of bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("CRLs are backdated by a whole number of seconds from 0 to {MAX_CRL_BACKDATE}")]
pub struct CrlBackdateError;

const MAX_CRL_BACKDATE: u32 = 86_400;

/// Bytes in DER, written as base64url in JSON.
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssuerId(String);

impl IssuerId {
    /// The name as text.
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

acme::text_form!(IssuerId);

/// The text is not a valid issuer name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an issuer's id has 1 to 64 of the characters a-z 0-9 -")]
pub struct IssuerIdError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_the_first_version_reads_as_an_active_issuer_and_is_written_as_it_was() {
        let text = r#"{"id":"issuing","role":"issuing","key":"k","certificate":"MAA","parent":"root","crl_shards":1}"#;
        let record: IssuerRecord = serde_json::from_str(text).unwrap();
        assert_eq!((record.state(), record.certificate.clone()), (IssuerState::Active, Some(Der(vec![0x30, 0]))));
        assert_eq!(record.crl_backdate.as_secs(), 300);
        assert_eq!(serde_json::to_string(&record).unwrap(), text);
    }

    #[test]
    fn crls_are_backdated_by_a_day_at_most() {
        for (text, seconds) in [("0", Some(0)), ("86400", Some(86_400)), ("86401", None), ("-1", None), ("5m", None)] {
            assert_eq!(text.parse::<CrlBackdate>().ok().map(CrlBackdate::as_secs), seconds, "{text}");
            assert_eq!(serde_json::from_str::<CrlBackdate>(text).ok().map(u32::from), seconds, "{text}");
        }
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
        let revocation = IssuerRevocation {
            at: Timestamp::UNIX_EPOCH,
            reason: IssuerRevocationReason::CaCompromise,
            raised_at: None,
        };
        let revoked = IssuerRecord { revocation: Some(revocation), ..retired };
        assert_eq!(revoked.state(), IssuerState::Revoked);
    }
}
