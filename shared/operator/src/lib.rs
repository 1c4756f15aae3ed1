//! What operators do to profiles, issuers, accounts, certificates and keys, and how they find them.
//!
//! Each act is recorded with its actor before it is done. Nobody reaches these verbs by ACME.

mod account;
mod authority;
mod certificate;
mod configuration;
mod error;
mod event;
mod expiring;
mod explain;
mod external_account;
mod incident;
mod issuer;
mod profile;
mod revocation;
mod roll_over;
mod selection;
mod staged_revocation;
mod status;
mod subordinate;

pub use crate::authority::{Authority, Seams};
pub use configuration::{AppliedProfiles, ConfiguredProfiles, KeptProfile};
pub use error::{Error, Refusal};
pub use expiring::ExpiryNotices;
pub use explain::{ExplainedOrder, Explanation, NameVerdict, Records, TimelineEntry};
pub use external_account::{
    ExternalAccountKeyTerms, ExternalAccountSecrets, MintedExternalAccountKey, RotatedExternalAccountKey,
};
pub use incident::{IncidentPlan, RevocationPlan};
pub use issuer::{IssuerKey, IssuerRefusal, NewIssuer};
pub use revocation::RevokedSlice;
pub use roll_over::{RollOver, RolledOver};
pub use selection::Slice;
pub use status::{CrlStatus, IssuerStatus, Status};
