//! What ACME clients see, by topic, when the CA is the deployed bundle: every topic of `protocol`.
//!
//! It is run by `cargo xtask judges deployed`. Tests share a stack, one after another; one with
//! profiles of its own deploys another. A test that restarts the CA or looks into it fails here
//! with a sentence that says so, and the judge counts it.

#[path = "../protocol/topics.rs"]
mod topics;

use tests::Host;

/// The host on which the CA runs.
const HOST: Host = Host::StackByTurns;
