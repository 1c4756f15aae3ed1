//! What operators do to profiles, issuers, accounts, certificates and keys, and how they find them.
//!
//! One type for each thing that operators ask, constructed from the stores and seams that it uses
//! and no others. Each act is recorded with its actor before it is done. No ACME client reaches
//! these verbs.

mod account;
mod ceremonies;
mod certificate;
mod configuration;
mod disclosure;
mod error;
mod event;
mod expiring;
mod explain;
mod external_account;
mod grant;
mod incident;
mod initial_profiles;
mod issuer;
mod issuer_revocation;
mod key;
mod parts;
mod profile;
mod revocation;
mod roll_over;
mod selection;
mod staged_revocation;
mod status;
mod subordinate;

pub use account::Accounts;
pub use ceremonies::{Ceremonies, CeremonyPlace, CeremonySeams};
pub use certificate::Certificates;
pub use configuration::{AppliedProfiles, Configurations, ConfiguredProfiles, KeptProfile};
pub use disclosure::{Disclosure, WITHHELD, disclosed};
pub use error::{Error, Refusal};
pub use event::TestEvents;
pub use expiring::ExpiryNotices;
pub use explain::{
    ExplainedAccount, ExplainedName, ExplainedOrder, Explanations, IssuerObstacle, NameObstacle, NamePermit,
    NameVerdict, OrderSummary, Proof,
};
pub use external_account::{
    ExternalAccountKeyTerms, ExternalAccountKeys, ExternalAccountSecrets, MintedExternalAccountKey,
    RotatedExternalAccountKey,
};
pub use grant::{EnrolledKey, Enrolment, EnrolmentGrants, EnrolmentTerms};
pub use incident::{IncidentPlan, Incidents, RevocationPlan};
pub use initial_profiles::InitialProfiles;
pub use issuer::{IssuerChanges, IssuerKey, IssuerRefusal, NewIssuer};
pub use issuer_revocation::{IssuerRevocations, Listing, RevokedIssuer};
pub use key::{BlockedKeys, BlockedUse, FormerHolders};
pub use parts::{Parts, Seams};
pub use profile::Profiles;
pub use ra::{Openness, RemotePerspectives};
pub use revocation::{Revocations, RevokedSlice};
pub use roll_over::{RollOver, RollOvers, RolledOver};
pub use selection::{Selections, Slice};
pub use staged_revocation::StagedRevocations;
pub use status::{CrlStatus, IssuerStatus, RevocationStatus, Status, StatusReports};
