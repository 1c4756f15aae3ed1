//! Challenges (RFC 8555 §7.1.5 and §8): what the client has to provision, and the state of its
//! validation.

use std::{fmt, net::IpAddr, str::FromStr};

use jiff::Timestamp;
use jose::{Thumbprint, base64url};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Identifier, Observation, Problem, ProblemType};

/// A challenge: one method by which an account can prove control of an identifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// The challenge type.
    pub r#type: ChallengeType,
    /// The token that the client's response must contain; `None` for challenge types without one,
    /// such as dns-persist-01.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<ChallengeToken>,
    /// The state of the validation.
    pub state: ChallengeState,
    /// The failed attempts, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
}

impl Challenge {
    /// A challenge with a token that the client has not responded to.
    pub fn new(r#type: ChallengeType, token: ChallengeToken) -> Self {
        Self { r#type, token: Some(token), state: ChallengeState::Pending, attempts: Vec::new() }
    }

    /// Whether the client asked for its validation.
    pub(crate) fn is_asked_for(&self) -> bool {
        !matches!(self.state, ChallengeState::Pending) || !self.attempts.is_empty()
    }

    /// The status at `now`. A validation past its deadline counts as invalid, so that a challenge
    /// cannot stay processing for ever because a worker was lost.
    pub fn status(&self, now: Timestamp) -> ChallengeStatus {
        match &self.state {
            ChallengeState::Pending => ChallengeStatus::Pending,
            ChallengeState::Processing(validation) if validation.deadline <= now => ChallengeStatus::Invalid,
            ChallengeState::Processing(_) => ChallengeStatus::Processing,
            ChallengeState::Valid { .. } => ChallengeStatus::Valid,
            ChallengeState::Invalid { .. } => ChallengeStatus::Invalid,
        }
    }

    /// The problem of the last failed attempt, or the one that settled the challenge.
    pub fn error(&self, now: Timestamp) -> Option<Problem> {
        match &self.state {
            ChallengeState::Processing(validation) if self.attempts.is_empty() && validation.deadline <= now => {
                Some(Problem::new(
                    ProblemType::ServerInternal,
                    "The validation did not finish in time. Create a new order to try again.",
                ))
            }
            ChallengeState::Processing(_) => self.attempts.last().map(|attempt| attempt.problem.clone()),
            ChallengeState::Invalid { error, .. } => Some(error.clone()),
            ChallengeState::Pending | ChallengeState::Valid { .. } => None,
        }
    }

    /// The challenge object at `url`.
    pub fn object(&self, url: String, now: Timestamp) -> ChallengeObject {
        let validated = match self.state {
            ChallengeState::Valid { at, .. } => Some(at),
            _ => None,
        };
        ChallengeObject {
            r#type: self.r#type,
            url,
            status: self.status(now),
            token: self.token.clone(),
            validated,
            error: self.error(now),
        }
    }
}

/// The state of a challenge, with the times that matter in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChallengeState {
    /// The client has not responded.
    Pending,
    /// The client responded, and the validation is under way or waits for its next attempt.
    Processing(Validation),
    /// Validated; this is final.
    Valid {
        /// When the response was accepted.
        at: Timestamp,
        /// The address that gave the response; `None` for a DNS answer.
        address: Option<IpAddr>,
    },
    /// The validation failed for good.
    Invalid {
        /// When the last attempt failed.
        at: Timestamp,
        /// The problem of the last attempt.
        error: Problem,
    },
}

/// An attempt that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When the attempt ended.
    pub at: Timestamp,
    /// The address of the last connection; `None` when the attempt made none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// Why the attempt failed, for the client.
    pub problem: Problem,
    /// The whole reason, where clients do not see what was read from the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Problem>,
    /// What remote perspectives observed, if they were asked: then the CA itself had seen control.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub perspectives: Vec<Observation>,
}

impl Attempt {
    /// The whole reason, for operators.
    pub fn whole(&self) -> &Problem {
        self.found.as_ref().unwrap_or(&self.problem)
    }
}

/// A validation in progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validation {
    /// Until when one worker holds it; after that another worker may take it over.
    pub lease_until: Timestamp,
    /// When the challenge becomes invalid unless it is settled before.
    pub deadline: Timestamp,
    /// The key authorization to find. It is fixed when the client responds, so that a key change
    /// during the validation does not change it (RFC 8555 §8.1 binds the response to the key that
    /// made the request).
    pub key_authorization: KeyAuthorization,
    /// The URLs by which CAA records may name the account (RFC 8657 §3): that of this request, and
    /// those below former base URLs. Empty where no CAA records are asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub account_urls: Vec<String>,
}

/// The challenge types, in the order in which they are offered. Some clients take the first type
/// that they support, so the order does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ChallengeType {
    /// http-01: a resource on the web server (RFC 8555 §8.3).
    #[serde(rename = "http-01")]
    Http01,
    /// dns-01: a TXT record (RFC 8555 §8.4).
    #[serde(rename = "dns-01")]
    Dns01,
    /// tls-alpn-01: a certificate in a TLS handshake (RFC 8737).
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn01,
}

impl ChallengeType {
    /// Every challenge type, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Http01, Self::Dns01, Self::TlsAlpn01];

    /// The registered name (RFC 8555 §9.7.8).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http01 => "http-01",
            Self::Dns01 => "dns-01",
            Self::TlsAlpn01 => "tls-alpn-01",
        }
    }

    /// Whether this challenge type can validate the identifier: a wildcard only by DNS (RFC 8555
    /// §7.1.3, RFC 8737 §3), an address never by DNS (RFC 8738 §7).
    pub fn fits(self, identifier: &Identifier) -> bool {
        match identifier {
            Identifier::Dns(_) => true,
            Identifier::Wildcard(_) => self == Self::Dns01,
            Identifier::Ip(_) => self != Self::Dns01,
        }
    }
}

impl fmt::Display for ChallengeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ChallengeType {
    type Err = UnknownChallengeType;

    fn from_str(text: &str) -> Result<Self, UnknownChallengeType> {
        Self::ALL.into_iter().find(|r#type| r#type.as_str() == text).ok_or(UnknownChallengeType)
    }
}

/// The text does not name a supported challenge type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("challenge types are http-01, dns-01 and tls-alpn-01")]
pub struct UnknownChallengeType;

/// The random token of a challenge: 256 bits in base64url (RFC 8555 §8.1 requires at least 128).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChallengeToken(String);

impl ChallengeToken {
    /// The token for 32 random bytes.
    pub fn from_random(random: [u8; 32]) -> Self {
        Self(base64url::encode(&random))
    }

    /// The token's text; it has only characters of the base64url alphabet.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The key authorization: token and account key in one value (RFC 8555 §8.1). Every challenge type
/// is validated by it alone: with a bare signature, an attacker could make a key that fits someone
/// else's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyAuthorization(String);

impl KeyAuthorization {
    /// Joins them as `token.thumbprint`.
    pub fn new(token: &ChallengeToken, thumbprint: &Thumbprint) -> Self {
        Self(format!("{}.{thumbprint}", token.as_str()))
    }

    /// The text that the client serves for http-01.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the text, as in the acmeIdentifier extension of tls-alpn-01 (RFC 8737 §3).
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// The digest in base64url, as in the TXT record of dns-01 (RFC 8555 §8.4).
    pub fn dns_value(&self) -> String {
        base64url::encode(&self.digest())
    }
}

/// The statuses of a challenge (RFC 8555 §7.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChallengeStatus {
    /// The client has not responded.
    Pending,
    /// The response is being validated.
    Processing,
    /// The response was accepted.
    Valid,
    /// The validation failed for good.
    Invalid,
}

/// The challenge object of RFC 8555 §7.1.5.
#[derive(Clone, Debug, Serialize)]
pub struct ChallengeObject {
    /// The challenge type.
    pub r#type: ChallengeType,
    /// The URL to which the client POSTs its response.
    pub url: String,
    /// The status at the time of the request.
    pub status: ChallengeStatus,
    /// The token of the challenge, which never changes; absent for challenge types without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<ChallengeToken>,
    /// When the response was accepted; absent unless the challenge is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validated: Option<Timestamp>,
    /// Why the last attempt failed; absent when none has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenge_types_read_back_in_a_stable_order() {
        let names = ChallengeType::ALL.map(ChallengeType::as_str);
        assert_eq!(names, ["http-01", "dns-01", "tls-alpn-01"]);
        assert!(names.iter().all(|name| name.parse::<ChallengeType>().unwrap().as_str() == *name));
    }

    #[test]
    fn n7_wildcards_are_validated_by_dns_only_and_addresses_never() {
        let wildcard = Identifier::Wildcard("example.com".parse().unwrap());
        let address = Identifier::Ip("192.0.2.1".parse().unwrap());
        assert_eq!(ChallengeType::ALL.map(|r#type| r#type.fits(&wildcard)), [false, true, false]);
        assert_eq!(ChallengeType::ALL.map(|r#type| r#type.fits(&address)), [true, false, true]);
    }

    /// Threat 1: with a pre-standard response (a signature over the token) an attacker could find a
    /// key under which someone else's signature verifies. The key authorization names the key
    /// itself.
    #[test]
    fn threat_1_the_proof_is_the_token_and_the_thumbprint_of_the_account_key() {
        let token = ChallengeToken::from_random([7; 32]);
        let thumbprint: Thumbprint = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs".parse().unwrap();
        let proof = KeyAuthorization::new(&token, &thumbprint);
        assert_eq!(proof.as_str(), format!("{}.{thumbprint}", token.as_str()));
        assert_eq!(base64url::decode(&proof.dns_value()).unwrap(), proof.digest());
    }
}
