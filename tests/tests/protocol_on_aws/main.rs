//! What ACME clients see, by topic, when the CA is on AWS: the topics of `protocol`.

#[path = "../protocol/topics.rs"]
mod topics;

use tests::Host;

/// The host on which the CA runs.
const HOST: Host = Host::Aws;
