//! The two messages between the CA and a perspective, as JSON documents.
//!
//! A question has everything that its answer depends on, except the network: a perspective keeps
//! nothing between two of them. New members may be added; both sides ignore those that they do not
//! know. A change of meaning is a new path.

use acme::{ChallengeToken, ChallengeType, Identifier, IdentifierObject, KeyAuthorization, Observation, ProblemType};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use validation::{CaaTerms, Probe, Rules};

/// What a perspective is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// Random, and part of the answer.
    pub request_id: String,
    /// The name of the perspective that is asked.
    pub perspective: String,
    challenge: ChallengeType,
    identifier: IdentifierObject,
    token: ChallengeToken,
    key_authorization: KeyAuthorization,
    /// The special-purpose networks of the profile. A perspective contacts those of them alone that
    /// its own operator allows, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    allowed_networks: Vec<IpNet>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caa: Option<Terms>,
}

/// What CAA records are compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Terms {
    identities: Vec<String>,
    #[serde(default)]
    account_urls: Vec<String>,
    #[serde(default)]
    is_wildcard: bool,
}

impl Question {
    /// The question to one perspective for a probe that the CA has run itself.
    pub fn new(request_id: String, perspective: &str, probe: &Probe) -> Self {
        let terms = |terms: &CaaTerms| Terms {
            identities: terms.identities.clone(),
            account_urls: terms.account_urls.clone(),
            is_wildcard: terms.is_wildcard,
        };
        Self {
            request_id,
            perspective: perspective.to_owned(),
            challenge: probe.challenge,
            identifier: probe.identifier.clone().into(),
            token: probe.token.clone(),
            key_authorization: probe.key_authorization.clone(),
            allowed_networks: probe.rules.allowed_networks.clone(),
            caa: probe.caa.as_ref().map(terms),
        }
    }

    /// The probe to run under the rules of the perspective: its resolver, its ports, its limits.
    /// `None` if the question names no identifier that could be in a certificate.
    pub fn probe(&self, own: &Rules) -> Option<Probe> {
        let identifier = Identifier::try_from(self.identifier.clone()).ok()?.base();
        let is_allowed = |asked: &&IpNet| own.allowed_networks.iter().any(|network| network.contains(*asked));
        let allowed_networks = self.allowed_networks.iter().filter(is_allowed).copied().collect();
        Some(Probe {
            challenge: self.challenge,
            identifier,
            token: self.token.clone(),
            key_authorization: self.key_authorization.clone(),
            rules: Rules { allowed_networks, ..own.clone() },
            caa: self.caa.clone().map(|Terms { identities, account_urls, is_wildcard }| CaaTerms {
                identities,
                account_urls,
                is_wildcard,
            }),
        })
    }

    /// Whether CAA records were to be looked up.
    pub fn asks_for_caa(&self) -> bool {
        self.caa.is_some()
    }
}

/// What a perspective answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// That of the question.
    pub request_id: String,
    /// The name that the perspective's operator gave it.
    pub perspective: String,
    /// Where it is. A text, so that an answer from a region that this version does not know is
    /// still read.
    pub region: String,
    /// The version of the program, for the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What it saw.
    pub sight: Sight,
}

/// What a perspective saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Sight {
    /// What the challenge asks for, and the permission of CAA records where that was asked.
    Proof(Box<Observation>),
    /// Not what the challenge asks for, or no permission of CAA records.
    Problem {
        /// The type of the problem.
        r#type: ProblemType,
        /// What is wrong, as the client may read it.
        detail: String,
        /// The same without what was read from the target.
        guarded: String,
    },
    /// Nothing: the perspective could not look.
    Nothing {
        /// Why, for operators.
        reason: String,
    },
}

/// The longest message, in octets.
pub const MAX_MESSAGE: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn threat_12_a_question_brings_in_no_network_that_the_perspective_does_not_allow() {
        let question = json!({
            "requestId": "1", "perspective": "fra", "challenge": "http-01", "token": "t", "keyAuthorization": "t.k",
            "identifier": { "type": "dns", "value": "*.a.example" },
            "allowedNetworks": ["10.1.0.0/16", "10.0.0.0/8", "192.168.0.0/16", "0.0.0.0/0", "127.0.0.0/8"],
            "resolver": "192.0.2.1:53", "httpPort": 22,
        });
        let question: Question = serde_json::from_value(question).unwrap();
        let own = Rules { allowed_networks: vec!["10.0.0.0/8".parse().unwrap()], ..Rules::default() };
        let probe = question.probe(&own).unwrap();
        let networks: Vec<_> = probe.rules.allowed_networks.iter().map(ToString::to_string).collect();
        assert_eq!(networks, ["10.1.0.0/16", "10.0.0.0/8"]);
        // All else is the perspective's own.
        assert_eq!(Rules { allowed_networks: own.allowed_networks.clone(), ..probe.rules }, own);
        assert_eq!(probe.identifier.to_string(), "a.example");
    }

    #[test]
    fn a_question_is_the_same_probe_at_the_perspective() {
        let token = ChallengeToken::from_random([7; 32]);
        let probe = Probe {
            challenge: ChallengeType::TlsAlpn01,
            identifier: Identifier::Ip("192.0.2.1".parse().unwrap()),
            key_authorization: KeyAuthorization::new(&token, &"A".repeat(43).parse().unwrap()),
            token,
            rules: Rules::default(),
            caa: Some(CaaTerms {
                identities: vec!["ca.example".to_owned()],
                account_urls: vec!["https://ca.example/a/1".to_owned()],
                is_wildcard: true,
            }),
        };
        let sent = serde_json::to_vec(&Question::new("1".to_owned(), "fra", &probe)).unwrap();
        let read: Question = serde_json::from_slice(&sent).unwrap();
        assert_eq!(format!("{:?}", read.probe(&probe.rules).unwrap()), format!("{probe:?}"));
    }
}
