//! The topics that hold on every host.

mod accounts;
mod authorizations;
mod bad_input;
mod certificates;
mod challenges;
mod charset;
mod csr_smuggling;
mod directory;
mod external_accounts;
mod finalize;
mod identifiers;
mod incidents;
mod instant_acme;
mod jws;
mod key_change;
mod key_types;
mod limits;
mod nonces;
mod offered_profiles;
pub(crate) mod order_lists;
mod orders;
mod ownership;
mod policy;
mod problems;
pub(crate) mod renewal_info;
mod revocation;
mod routes;
