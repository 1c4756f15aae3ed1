//! The objects of RFC 8555: accounts, orders, authorizations and challenges, their status changes,
//! their ids and URLs, and problem documents.
//!
//! This crate is pure data and pure functions: no clock, no socket, no store, no HTTP header.

mod account;
mod authorization;
mod base32;
mod certificate_id;
mod challenge;
mod contact;
mod directory;
mod event;
mod evidence;
mod failure_chain;
mod id;
mod identifier;
mod key_change;
pub mod labels;
mod order;
mod problem;
mod renewal_info;
mod revocation;
mod serial;
mod text_form;
mod timestamp;
mod unknown_members;
mod url;
mod url_base;

pub use account::{Account, AccountObject, AccountStatus, AccountUpdate, AgreedTerms, NewAccount};
pub use authorization::{
    Authorization, AuthorizationEvent, AuthorizationObject, AuthorizationState, AuthorizationStatus,
    AuthorizationUpdate, NewAuthorization,
};
pub use certificate_id::{CertificateId, CertificateIdError};
pub use challenge::{
    Attempt, Challenge, ChallengeObject, ChallengeState, ChallengeStatus, ChallengeToken, ChallengeType,
    KeyAuthorization, UnknownChallengeType, Validation,
};
pub use contact::{Contact, ContactError};
pub use directory::{DirectoryId, DirectoryMeta, DirectoryObject, Family, ProfileName, ProfileNameError};
pub use event::{
    AccountFacts, CertificateFacts, DisagreementFacts, Event, EventKind, FailureFacts, IssuerFacts, LimitFacts,
    ProfileFacts, RefusalFacts, RefusalReason, RevocationFacts, RevokedBy, ValidationFacts,
};
pub use evidence::{CaaPermission, Observation, ValidationEvidence};
pub use failure_chain::failure_chain;
pub use id::{AccountId, AuditId, AuthorizationId, EventId, ExternalAccountKeyId, IdError, IncidentId, OrderId};
pub use identifier::{DnsName, Identifier, IdentifierError, IdentifierObject};
pub use key_change::KeyChange;
pub use order::{
    Finalization, Issuance, NewOrder, Order, OrderEvent, OrderObject, OrderState, OrderStatus, OrdersObject,
};
pub use problem::{Problem, ProblemType, Subproblem};
pub use renewal_info::{RenewalInfo, SuggestedWindow};
pub use revocation::{IssuerRevocationReason, RevocationReason, RevocationRequest, UnknownIssuerReason, UnknownReason};
pub use serial::{Serial, SerialError};
pub use timestamp::whole_seconds;
pub use unknown_members::UnknownMembers;
pub use url::{Resource, Urls};
pub use url_base::{UrlBase, UrlBaseError, UrlScheme};

/// A status change that the present state of the object does not allow (RFC 8555 §7.1.6).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{object} in state {state} does not allow {event}")]
pub struct TransitionError {
    /// The kind of object, in the words of RFC 8555.
    pub object: &'static str,
    /// Its present state.
    pub state: &'static str,
    /// The event that is not allowed.
    pub event: &'static str,
}
