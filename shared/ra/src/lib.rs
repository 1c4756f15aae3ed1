//! The registration authority: what each operation of RFC 8555 means, and the only place where
//! state changes.
//!
//! There is one type for each thing that clients ask for. It is constructed from the stores and
//! seams that it uses and no others, so the type that a function is given says what the function
//! can do. Each verb is policy, then a pure transition of `acme`, then one conditional write.
//! Nothing here knows HTTP, the format of a queue, the place of a key or the layout of a table;
//! those are behind the arguments: [`store::Store`], [`ca::Signer`] and the seams of the crate
//! `authority`.

mod account;
mod authorization;
mod blocked_keys;
mod certificate;
mod challenge;
mod clearance;
mod directory;
mod error;
mod external_account;
mod finalize;
mod key_block_list;
mod key_change;
mod limit;
mod names;
mod new_order;
mod nonce;
mod order;
mod parts;
mod public_name;
mod receipt;
mod refusal;
mod registration;
mod renewal;
mod renewal_info;
mod revocation;
mod settings;
mod validation;

pub use account::{AccountChanges, Accounts};
pub use authorization::{AuthorizationCreation, Authorizations, NewAuthorizations};
pub use blocked_keys::BlockedKeys;
pub use certificate::Downloads;
pub use challenge::Challenges;
pub use clearance::OrderClearance;
pub use directory::{Directories, Directory, Offer};
pub use error::{Error, IdentifierRefusal, Refusal};
pub use external_account::{BindingRefusal, Bindings, mac_key};
pub use finalize::Finalization;
pub use key_block_list::{KeyBlockList, KeyBlockListError, KeyBlockListFacts};
pub use key_change::{KeyChanges, KeyRollover};
pub use limit::{LimitReached, LimitState, Limits};
pub use names::{NamePolicies, NamePolicy};
pub use new_order::NewOrders;
pub use nonce::{NonceSecretRotation, Nonces};
pub use order::{OrderList, OrderView, OrderViews, Orders, authorizations_of};
pub use parts::{Parts, Seams};
pub use public_name::PublicNameRefusal;
pub use refusal::Refusals;
pub use registration::{AccountCreation, Registrations};
pub use renewal::Renewals;
pub use renewal_info::{RenewalInfos, directory_of};
pub use revocation::{MarkedRevocation, RevocationRecords, Revocations, Revoker, raises};
pub use settings::{Openness, RemotePerspectives, Settings};
pub use validation::{Finding, ValidationJob, Validations};
