//! The topics that hold on every host.

mod accounts;
mod authorizations;
mod bad_input;
mod certificates;
mod challenges;
mod charset;
mod csr_smuggling;
mod directory;
mod finalize;
mod identifiers;
mod instant_acme;
mod jws;
mod key_change;
mod key_types;
mod nonces;
pub(crate) mod order_lists;
mod orders;
mod ownership;
mod problems;
pub(crate) mod renewal_info;
mod revocation;
mod routes;
