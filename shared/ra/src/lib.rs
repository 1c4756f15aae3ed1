//! The registration authority: what each operation of RFC 8555 means, and the only place where state
//! changes.
//!
//! One verb for each operation, all on [`Authority`]: policy, then a pure transition of `acme`, then
//! one conditional write. Nothing here knows HTTP, a queue's wire, a key's place or a table's layout;
//! those are arguments: [`store::Store`], [`ca::Signer`] and the seams of the crate `authority`.

mod account;
mod authority;
mod authorization;
mod challenge;
mod directory;
mod error;
mod expiring;
mod external_account;
mod finalize;
mod incident;
mod key_change;
mod limit;
mod names;
mod needs;
mod nonce;
mod operator;
mod order;
mod profile;
mod refusal;
mod renewal_info;
mod revocation;
mod selection;
mod staged_revocation;
mod status;
mod validation;

pub use crate::authority::{Authority, Seams, Settings};
pub use account::AccountCreation;
pub use authorization::AuthorizationCreation;
pub use directory::{Directory, Offer};
pub use error::{Error, IdentifierRefusal};
pub use external_account::{
    BindingRefusal, ExternalAccountKeyTerms, MintedExternalAccountKey, RotatedExternalAccountKey,
};
pub use incident::{IncidentPlan, RevocationPlan};
pub use key_change::KeyRollover;
pub use limit::{LimitReached, LimitState};
pub use needs::Needs;
pub use operator::{
    AppliedProfiles, ConfiguredProfiles, ExplainedOrder, Explanation, IssuerKey, IssuerRefusal, KeptProfile,
    NameVerdict, NewIssuer, Records, RevokedSlice, RollOver, RolledOver, TimelineEntry,
};
pub use order::{OrderList, OrderView};
pub use revocation::Revoker;
pub use selection::Slice;
pub use status::{CrlStatus, IssuerStatus, Status};
pub use validation::ValidationJob;
