//! The bundle that `sam build` made, as clients, operators and developers meet it: in a stack of an
//! emulator that the template describes, and in containers.
//!
//! What ACME clients see is a tenth of `protocol`, in every run; `whole_protocol.rs` has all of it,
//! for `cargo xtask judges deployed`. Requests go through the front and the API Gateway of the
//! emulator to the programs. So these tests see what is lost between: routes, headers, encodings,
//! and environments of functions. They share one stack and its limits.
//!
//! All of this is one program, because much of it waits: so others run meanwhile.

mod clients;
#[path = "../protocol/jws.rs"]
mod jws;
#[path = "../protocol/key_change.rs"]
mod key_change;
#[path = "../protocol/nonces.rs"]
mod nonces;
mod operator;
#[path = "../protocol/ownership.rs"]
mod ownership;
#[path = "../protocol/routes.rs"]
mod routes;
mod sam;

use tests::Host;

/// The host on which the CA runs, for the topics of `protocol`.
const HOST: Host = Host::Stack;
