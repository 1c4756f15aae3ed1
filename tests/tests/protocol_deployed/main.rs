//! What ACME clients see, when the CA is the deployed bundle: a tenth of `protocol`, in every run.
//! `whole.rs` has all of it, for `cargo xtask judges deployed`.
//!
//! Requests go through the front and the API Gateway of the emulator to the programs that `sam
//! build` made, in the stack that the template describes. So these tests see what is lost between:
//! routes, headers, encodings, and environments of functions. They share one stack and its limits.

#[path = "../protocol/jws.rs"]
mod jws;
#[path = "../protocol/key_change.rs"]
mod key_change;
#[path = "../protocol/nonces.rs"]
mod nonces;
#[path = "../protocol/ownership.rs"]
mod ownership;
#[path = "../protocol/routes.rs"]
mod routes;

use tests::Host;

/// The host on which the CA runs.
const HOST: Host = Host::Stack;
