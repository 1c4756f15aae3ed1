//! What an issue rests on: for each identifier, who may have the certificate and what CAA said.
//!
//! A map and not a flag: a name that was forgotten is an absent key, and an absent key stops the
//! issue, however many other names were looked at.

use std::collections::BTreeMap;

use acme::{AuthorizationId, Identifier};

/// The evidence of one issue, by identifier as it stands in the order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence(BTreeMap<Identifier, (AuthorizationEvidence, CaaEvidence)>);

impl Evidence {
    /// No evidence yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what was found for one identifier.
    pub fn insert(&mut self, identifier: Identifier, authorization: AuthorizationEvidence, caa: CaaEvidence) {
        self.0.insert(identifier, (authorization, caa));
    }

    /// What was found for one identifier.
    pub fn of(&self, identifier: &Identifier) -> Option<&(AuthorizationEvidence, CaaEvidence)> {
        self.0.get(identifier)
    }
}

/// Why the identifier may stand in the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizationEvidence {
    /// The account holds this valid authorization.
    Authorization(AuthorizationId),
    /// The host that runs the CA names itself in its own HTTPS certificate.
    HostOwner,
}

/// Why CAA records (RFC 8659) do not forbid the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaaEvidence {
    /// The profile does not look at CAA records.
    PolicyOff,
}
