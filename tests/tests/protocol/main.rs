//! What ACME clients see, by topic, on both families of directories. The names of the tests carry
//! the rows of the interface (S, N) and of the list of threats that they hold.
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
