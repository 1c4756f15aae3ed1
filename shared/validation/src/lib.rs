//! Challenge validation: http-01 (RFC 8555 §8.3), dns-01 (§8.4) and tls-alpn-01 (RFC 8737), for DNS
//! names and for addresses (RFC 8738); and the CAA records of names (RFC 8659).
//!
//! The result of [`probe`] depends only on its message and on the network: there is no store, no
//! clock, and no state between two calls. So a probe can run anywhere, and the same probe can run
//! in several places.
//!
//! **Invariant:** every outbound connection but those to the resolver is opened by `connection`,
//! which checks the very address that it connects to with [`address::AddressRules`].

pub mod address;

mod caa;
mod connection;
mod datagram;
mod deadline;
mod dial;
mod dns_01;
mod dns_provider;
mod excerpt;
mod exchange;
mod fault;
#[cfg(fuzzing)]
pub mod fuzzing;
mod host;
mod http_01;
mod lack;
mod limited;
mod peer_certificate;
mod permission;
mod plain_caa;
mod probe;
mod question;
mod records;
mod resolver;
mod rules;
mod tls;
mod tls_alpn_01;
mod trial;
mod url;
mod validated;

pub use caa::CaaTerms;
pub use connection::Connection;
pub use dial::{DialError, dial};
pub use lack::Lack;
pub use limited::Limited;
pub use probe::{Failure, Probe, probe};
pub use rules::{Rules, VariableError};
pub use trial::{TrialFailure, try_resolver};
