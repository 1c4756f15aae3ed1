//! Challenge validation: http-01 (RFC 8555 §8.3), dns-01 (§8.4) and tls-alpn-01 (RFC 8737), for names
//! and for addresses (RFC 8738).
//!
//! [`probe`] is a function of its message and of the network: no store, no clock, no state kept
//! between two calls. So a probe can run anywhere, and the same one from several places.
//!
//! **Invariant:** every connection to the outside is opened by `connection`, which asks
//! [`address::AddressRules`] about the very address that it dials.

pub mod address;

mod connection;
mod deadline;
mod dial;
mod dns_01;
mod fault;
mod host;
mod http_01;
mod limited;
mod probe;
mod resolver;
mod rules;
mod tls;
mod tls_alpn_01;
mod url;

pub use connection::Connection;
pub use dial::{DialError, dial};
pub use limited::Limited;
pub use probe::{Failure, Probe, Proof, probe};
pub use rules::Rules;
