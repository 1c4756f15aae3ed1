//! What ACME clients see, by topic, on both kinds of directory. The names of the tests have the
//! rows of the interface (S, N) and of the list of threats that they verify.
//!
//! Here the CA is one process; `protocol_on_aws` has the same topics on AWS.

mod budget;
mod one_process;
mod test_switches;
#[path = "topics.rs"]
mod topics;
mod transport;

use tests::Host;

/// The host on which the CA runs.
const HOST: Host = Host::OneProcess;
