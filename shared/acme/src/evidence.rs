//! How control of an identifier was validated: what is kept of it for audits.

use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ChallengeType, ProfileName, UnknownMembers};

/// How an authorization became valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidationEvidence {
    /// The challenge type.
    pub challenge: ChallengeType,
    /// When the validation succeeded.
    pub at: Timestamp,
    /// The ACME Profile whose rules applied: its resolver, its networks. `None` where an earlier
    /// version validated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileName>,
    /// What was observed, one for each network perspective that was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<Observation>,
    /// What a newer version knows of it.
    #[serde(flatten)]
    pub unknown: UnknownMembers,
}

impl ValidationEvidence {
    /// How many of the remote perspectives that were asked agreed, and how many were asked; `None`
    /// where none was.
    pub fn corroboration(&self) -> Option<(usize, usize)> {
        let remote = || self.observations.iter().filter(|observation| !observation.is_own());
        let asked = remote().count();
        (asked > 0).then(|| (remote().filter(|observation| observation.agrees()).count(), asked))
    }
}

/// What one network perspective observed. Texts that come from elsewhere are printable ASCII and at
/// most [`MAX_SEEN`](Self::MAX_SEEN) characters long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The name of the perspective; `None` for the network of the CA itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perspective: Option<String>,
    /// The region of the perspective, by the registry of its addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Why the perspective did not agree: what it saw instead. `None` where it agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Why nothing that the perspective said counts: no answer in time, or none to this question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unheard: Option<String>,
    /// The address that answered; `None` where DNS alone was asked. Of a remote perspective,
    /// this, `seen` and `caa` are kept only where they differ from the CA's own observation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// The special-purpose network of the profile in which that address lies; `None` for an address
    /// that needs no permission of the profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// The DNS server that was asked; `None` for that of the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolver: Option<SocketAddr>,
    /// Whether the resolver found every answer authentic (DNSSEC; RFC 4035 §3.2.3); `None` where
    /// the profile does not have it validate, or no name was looked up. An answer that is not
    /// authentic comes from a zone that has no signatures, and proves that it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticated: Option<bool>,
    /// What was found: for http-01 the URL whose answer held the key authorization, for dns-01 the
    /// name of the TXT record that held its digest, for tls-alpn-01 the protocol of the handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
    /// Whether nothing was validated, because a switch for testing clients was on.
    #[serde(default, rename = "testSwitch", skip_serializing_if = "std::ops::Not::not")]
    pub test_switch: bool,
    /// Why CAA records permitted the certificate (RFC 8659); `None` where none were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caa: Option<CaaPermission>,
    /// What a newer version knows of it.
    #[serde(flatten)]
    pub unknown: UnknownMembers,
}

impl Observation {
    /// Whether it is the CA's own, and not that of a remote perspective.
    pub fn is_own(&self) -> bool {
        self.perspective.is_none()
    }

    /// Whether control was seen.
    pub fn agrees(&self) -> bool {
        self.problem.is_none() && self.unheard.is_none()
    }

    /// The longest text of [`seen`](Self::seen): a URL or a name in DNS, shortened where it is
    /// longer.
    pub const MAX_SEEN: usize = 256;

    /// The observation with what was found.
    #[must_use]
    pub fn with_seen(self, text: &str) -> Self {
        let printable = text.chars().map(|sign| if matches!(sign, ' '..='~') { sign } else { '?' });
        Self { seen: Some(printable.take(Self::MAX_SEEN).collect()), ..self }
    }
}

/// Why CAA records permitted a certificate (RFC 8659 §3). Texts are printable ASCII and bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaaPermission {
    /// The domain whose records decided; `None` where neither the name nor a domain above it has
    /// any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The record that names the CA, as `issue "ca.example"`; `None` where no record restricts who
    /// may issue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// The domain name by which that record names the CA.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// The same as [`Observation::authenticated`], for the answers about CAA records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticated: Option<bool>,
    /// What a newer version knows of it.
    #[serde(flatten)]
    pub unknown: UnknownMembers,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_printable_and_bounded() {
        let seen = Observation::default().with_seen(&format!("http://a.test/\u{1b}[31m{}", "x".repeat(1_000))).seen;
        let seen = seen.unwrap();
        assert!(seen.starts_with("http://a.test/?[31mx") && seen.len() == Observation::MAX_SEEN, "{seen}");
    }
}
