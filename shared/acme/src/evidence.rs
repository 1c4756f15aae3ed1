//! How control of an identifier was validated: what is kept of it for audits.

use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ChallengeType, ProfileName, UnknownMembers};

/// How an authorization became valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct ValidationEvidence {
    /// The challenge type.
    pub challenge: ChallengeType,
    /// When the validation succeeded.
    pub at: Timestamp,
    /// The ACME Profile whose rules applied: its resolver, its networks. `None` where an earlier
    /// version validated.
    pub profile: Option<ProfileName>,
    /// What was observed, one for each network perspective that was asked. Remote ones that saw
    /// just the same are a few words each in the record, so that six fit into its first KiB.
    pub observations: Vec<Observation>,
    /// What a newer version knows of it.
    pub unknown: UnknownMembers,
}

impl ValidationEvidence {
    /// Whether remote perspectives were asked.
    pub fn is_corroborated(&self) -> bool {
        self.observations.iter().any(|observation| !observation.is_own())
    }
}

/// [`ValidationEvidence`] as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    challenge: ChallengeType,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    profile: Option<ProfileName>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    observations: Vec<Observation>,
    /// The remote perspectives that saw what the CA saw: name, region, and the resolver if it is
    /// not that of the host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    agreed: Vec<String>,
    #[serde(flatten)]
    unknown: UnknownMembers,
}

impl From<ValidationEvidence> for Stored {
    fn from(evidence: ValidationEvidence) -> Self {
        let ValidationEvidence { challenge, at, profile, observations, unknown } = evidence;
        let mut stored = Self { challenge, at, profile, observations: Vec::new(), agreed: Vec::new(), unknown };
        for observation in observations {
            match observation.words() {
                Some(words) => stored.agreed.push(words),
                None => stored.observations.push(observation),
            }
        }
        stored
    }
}

impl From<Stored> for ValidationEvidence {
    fn from(stored: Stored) -> Self {
        let Stored { challenge, at, profile, mut observations, agreed, unknown } = stored;
        observations.extend(agreed.iter().map(|words| Observation::of_words(words)));
        Self { challenge, at, profile, observations, unknown }
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

    /// Name, region and resolver of a perspective about which there is nothing else to say.
    fn words(&self) -> Option<String> {
        let (name, region) = (self.perspective.as_deref()?, self.region.as_deref()?);
        let resolver = self.resolver.map(|resolver| format!(" {resolver}")).unwrap_or_default();
        let words = format!("{name} {region}{resolver}");
        (Self::of_words(&words) == *self).then_some(words)
    }

    fn of_words(words: &str) -> Self {
        let mut words = words.splitn(3, ' ');
        Self {
            perspective: words.next().map(str::to_owned),
            region: words.next().map(str::to_owned),
            resolver: words.next().and_then(|resolver| resolver.parse().ok()),
            ..Self::default()
        }
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
    fn six_perspectives_that_saw_the_same_are_a_few_words_each_in_the_record_and_others_stay_whole() {
        let remote = |name: &str, region: &str| Observation {
            perspective: Some(name.to_owned()),
            region: Some(region.to_owned()),
            ..Observation::default()
        };
        let own = Observation::default().with_seen("_acme-challenge.a.test");
        let differing = Observation { problem: Some("no record".to_owned()), ..remote("fra", "ripe") };
        // A name that the words would not give back.
        let spaced = remote("p 7", "arin");
        let elsewhere = Observation { address: Some(IpAddr::from([192, 0, 2, 1])), ..remote("gru", "lacnic") };
        let resolver = Some("[fd00::53]:53".parse().unwrap());
        let same: Vec<_> =
            ["p1", "p2", "p3", "p4", "p5", "p6"].map(|name| Observation { resolver, ..remote(name, "arin") }).into();
        let evidence = ValidationEvidence {
            challenge: ChallengeType::Dns01,
            at: Timestamp::UNIX_EPOCH,
            profile: None,
            observations: [vec![own, differing, elsewhere, spaced], same].concat(),
            unknown: UnknownMembers::default(),
        };
        let stored = serde_json::to_value(&evidence).unwrap();
        assert_eq!(stored["agreed"].as_array().map(Vec::len), Some(6), "{stored}");
        assert_eq!(stored["agreed"][0], "p1 arin [fd00::53]:53");
        assert_eq!(stored["observations"].as_array().map(Vec::len), Some(4), "{stored}");
        assert_eq!(serde_json::from_value::<ValidationEvidence>(stored).unwrap(), evidence);
    }

    #[test]
    fn what_was_seen_is_printable_and_bounded() {
        let seen = Observation::default().with_seen(&format!("http://a.test/\u{1b}[31m{}", "x".repeat(1_000))).seen;
        let seen = seen.unwrap();
        assert!(seen.starts_with("http://a.test/?[31mx") && seen.len() == Observation::MAX_SEEN, "{seen}");
    }
}
