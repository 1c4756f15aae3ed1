//! The evidence for an issuance: for each identifier, the authorization and the result of the CAA
//! check.
//!
//! It is a map and not a flag: an identifier that was forgotten is an absent key, and an absent key
//! stops the issuance, however many other identifiers were checked.

use std::collections::BTreeMap;

use acme::{AuthorizationId, Identifier};

/// The evidence for one issuance, by identifier as it is in the order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence(BTreeMap<Identifier, (AuthorizationEvidence, CaaEvidence)>);

impl Evidence {
    /// Starts without evidence.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the evidence for one identifier.
    pub fn insert(&mut self, identifier: Identifier, authorization: AuthorizationEvidence, caa: CaaEvidence) {
        self.0.insert(identifier, (authorization, caa));
    }

    /// The evidence for one identifier; `None` if there is none.
    pub fn of(&self, identifier: &Identifier) -> Option<&(AuthorizationEvidence, CaaEvidence)> {
        self.0.get(identifier)
    }
}

/// Why the account may have a certificate for the identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizationEvidence {
    /// The account has this valid authorization.
    Authorization(AuthorizationId),
    /// The host that runs the CA asks for its own HTTPS certificate.
    HostOwner,
}

/// Why CAA records (RFC 8659) do not forbid the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaaEvidence {
    /// The profile does not check CAA records.
    PolicyOff,
    /// Addresses have none (RFC 8738 §2).
    NotApplicable,
    /// They permitted it when control of the name was shown: the authorization keeps how.
    Permitted,
}
