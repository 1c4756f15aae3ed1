//! The registration authority: what each operation of RFC 8555 means, and the only place where state
//! changes.
//!
//! One verb for each operation, all on [`Authority`]: policy, then a pure transition of `acme`, then
//! one conditional write. Nothing here knows HTTP, a queue's wire, a key's place or a table's layout;
//! those are arguments: [`store::Store`], [`ca::Signer`], [`Queue`], [`Publisher`], [`EventSink`],
//! [`Clock`].

mod account;
mod audit;
mod authority;
mod authorization;
mod cache;
mod challenge;
mod clock;
mod crl;
mod directory;
mod error;
mod event;
mod expiring;
mod external_account;
mod finalize;
mod hierarchy;
mod host_certificate;
mod incident;
mod issuance;
mod issuer;
mod key_change;
mod limit;
mod names;
mod needs;
mod nonce;
mod operator;
mod order;
mod profile;
mod publisher;
mod queue;
mod random;
mod renewal_info;
mod revocation;
mod selection;
mod staged_revocation;
mod status;
mod validation;
mod validity;

pub use account::AccountCreation;
pub use authority::{Authority, Seams, Settings};
pub use authorization::AuthorizationCreation;
pub use clock::{Clock, SystemClock};
pub use directory::{Directory, Offer};
pub use error::{Error, IdentifierRefusal};
pub use event::EventSink;
pub use external_account::{
    BindingRefusal, ExternalAccountKeyTerms, MintedExternalAccountKey, RotatedExternalAccountKey,
};
pub use hierarchy::{Hierarchy, IssuerPlan};
pub use host_certificate::HostCertificate;
pub use incident::{IncidentPlan, RevocationPlan};
pub use key_change::KeyRollover;
pub use limit::{LimitReached, LimitState};
pub use needs::Needs;
pub use operator::{
    ExplainedOrder, Explanation, IssuerKey, IssuerRefusal, NameVerdict, NewIssuer, Records, RevokedSlice, RollOver,
    RolledOver, TimelineEntry,
};
pub use order::{OrderList, OrderView};
pub use publisher::{PublishError, PublishedObject, Publisher};
pub use queue::{CrlTask, IssuanceTask, Queue, QueueError, ValidationTask};
pub use random::random;
pub use revocation::Revoker;
pub use selection::Slice;
pub use status::{CrlStatus, IssuerStatus, Status};
pub use validation::ValidationJob;
pub use validity::ValidityRefusal;
