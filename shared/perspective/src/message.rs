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
