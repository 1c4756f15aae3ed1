//! What operators do to accounts, certificates, keys and issuers, and how they find them.
//!
//! Each act is recorded with its actor before it is done. Nobody reaches these verbs by ACME.

mod account;
mod certificate;
mod configuration;
mod explain;
mod issuer;
mod revocation;
mod roll_over;
mod subordinate;

pub use configuration::{AppliedProfiles, ConfiguredProfiles, KeptProfile};
pub use explain::{ExplainedOrder, Explanation, NameVerdict, Records, TimelineEntry};
pub use issuer::{IssuerKey, IssuerRefusal, NewIssuer};
pub use revocation::RevokedSlice;
pub(crate) use revocation::in_words;
pub use roll_over::{RollOver, RolledOver};
