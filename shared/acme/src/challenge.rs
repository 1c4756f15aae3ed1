//! Challenges (RFC 8555 §7.1.5 and §8): what is to be shown, and how far the showing has come.

use std::{fmt, net::IpAddr, str::FromStr};

use jiff::Timestamp;
use jose::{Thumbprint, base64url};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Identifier, Problem, ProblemType};

/// One way to show control of a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Which way.
    pub r#type: ChallengeType,
    /// What the client's proof must hold.
    pub token: ChallengeToken,
    /// How far it has come.
    pub state: ChallengeState,
    /// The attempts that failed, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
}

impl Challenge {
    /// A challenge that nobody has answered.
    pub fn new(r#type: ChallengeType, token: ChallengeToken) -> Self {
        Self { r#type, token, state: ChallengeState::Pending, attempts: Vec::new() }
    }

    /// The status at `now`. A validation that outlived its deadline reads as invalid, so that no
    /// lost worker can leave a challenge processing for ever.
    pub fn status(&self, now: Timestamp) -> ChallengeStatus {
        match &self.state {
            ChallengeState::Pending => ChallengeStatus::Pending,
            ChallengeState::Processing(validation) if validation.deadline <= now => ChallengeStatus::Invalid,
            ChallengeState::Processing(_) => ChallengeStatus::Processing,
            ChallengeState::Valid { .. } => ChallengeStatus::Valid,
            ChallengeState::Invalid { .. } => ChallengeStatus::Invalid,
        }
    }

    /// The last failed attempt, or the failure that settled the challenge.
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

/// How far a challenge has come; the times that matter ride along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChallengeState {
    /// Offered.
    Pending,
    /// The client said that it is ready.
    Processing(Validation),
    /// Shown.
    Valid {
        /// When the proof was seen.
        at: Timestamp,
        /// Where it was seen, when it was an address that answered.
        address: Option<IpAddr>,
    },
    /// Not shown.
    Invalid {
        /// When it was given up.
        at: Timestamp,
        /// Why.
        error: Problem,
    },
}

/// An attempt that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it ended.
    pub at: Timestamp,
    /// The address that was spoken to last, when it was an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// Why it failed.
    pub problem: Problem,
}

/// A validation under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validation {
    /// Until when one worker has it; afterwards another may take it.
    pub lease_until: Timestamp,
    /// When the challenge counts as invalid if nobody has settled it.
    pub deadline: Timestamp,
    /// What must be found. Fixed when the client asks, so that a key rollover during the validation
    /// does not move the target (RFC 8555 §8.1 binds the proof to the key that asked).
    pub key_authorization: KeyAuthorization,
}

/// The ways to show control, in the order in which they are offered. Some clients take the first
/// that they know, so the order is stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ChallengeType {
    /// A file on the web server, RFC 8555 §8.3.
    #[serde(rename = "http-01")]
    Http01,
    /// A TXT record, RFC 8555 §8.4.
    #[serde(rename = "dns-01")]
    Dns01,
    /// A TLS handshake, RFC 8737.
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn01,
}

impl ChallengeType {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Http01, Self::Dns01, Self::TlsAlpn01];

    /// The registered name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http01 => "http-01",
            Self::Dns01 => "dns-01",
            Self::TlsAlpn01 => "tls-alpn-01",
        }
    }

    /// Whether this way can show control of that name: a wildcard only by DNS (RFC 8555 §7.1.3,
    /// RFC 8737 §3), an address never by DNS (RFC 8738 §7).
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

/// Not the name of a challenge type that is validated here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("challenge types are http-01, dns-01 and tls-alpn-01")]
pub struct UnknownChallengeType;

/// The random value in a challenge: 256 bits, base64url (RFC 8555 §8.1 asks for 128 at least).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChallengeToken(String);

impl ChallengeToken {
    /// A token from 32 random bytes.
    pub fn from_random(random: [u8; 32]) -> Self {
        Self(base64url::encode(&random))
    }

    /// The text that clients and validators see; only characters of the base64url alphabet.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Token and account key in one value (RFC 8555 §8.1). The proof of every challenge is made of this
/// and nothing else: a bare signature could be claimed by a key made to fit it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyAuthorization(String);

impl KeyAuthorization {
    /// `token.thumbprint`.
    pub fn new(token: &ChallengeToken, thumbprint: &Thumbprint) -> Self {
        Self(format!("{}.{thumbprint}", token.as_str()))
    }

    /// The text that http-01 serves.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the text, as the acmeIdentifier extension of tls-alpn-01 holds it (RFC 8737 §3).
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// The digest in base64url, as the TXT record of dns-01 holds it (RFC 8555 §8.4).
    pub fn dns_value(&self) -> String {
        base64url::encode(&self.digest())
    }
}

/// The statuses of a challenge (RFC 8555 §7.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChallengeStatus {
    /// Waiting for the client.
    Pending,
    /// Being validated.
    Processing,
    /// Control was shown.
    Valid,
    /// Control was not shown.
    Invalid,
}

/// The challenge object of RFC 8555 §7.1.5.
#[derive(Clone, Debug, Serialize)]
pub struct ChallengeObject {
    /// The way.
    pub r#type: ChallengeType,
    /// Where the client says that it is ready.
    pub url: String,
    /// How far it has come.
    pub status: ChallengeStatus,
    /// What the proof must hold.
    pub token: ChallengeToken,
    /// When control was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validated: Option<Timestamp>,
    /// Why the last attempt failed.
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
    fn n7_wildcards_are_shown_by_dns_only_and_addresses_never() {
        let wildcard = Identifier::Wildcard("example.com".parse().unwrap());
        let address = Identifier::Ip("192.0.2.1".parse().unwrap());
        assert_eq!(ChallengeType::ALL.map(|r#type| r#type.fits(&wildcard)), [false, true, false]);
        assert_eq!(ChallengeType::ALL.map(|r#type| r#type.fits(&address)), [true, false, true]);
    }

    /// Threat 1: with a pre-standard proof (a signature over the token) an attacker could find a key
    /// under which somebody else's signature verifies. This proof names the key itself.
    #[test]
    fn threat_1_the_proof_is_the_token_and_the_thumbprint_of_the_account_key() {
        let token = ChallengeToken::from_random([7; 32]);
        let thumbprint: Thumbprint = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs".parse().unwrap();
        let proof = KeyAuthorization::new(&token, &thumbprint);
        assert_eq!(proof.as_str(), format!("{}.{thumbprint}", token.as_str()));
        assert_eq!(base64url::decode(&proof.dns_value()).unwrap(), proof.digest());
    }
}
