//! What ACME clients see, by topic, on both families of directories. The names of the tests carry the
//! rows of the interface (S, N) and of the list of threats that they hold.

mod accounts;
mod authorizations;
mod bad_input;
mod budget;
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
mod order_lists;
mod orders;
mod ownership;
mod problems;
mod renewal_info;
mod revocation;
mod routes;
mod test_switches;
mod transport;
