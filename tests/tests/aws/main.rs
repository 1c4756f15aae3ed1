//! What holds on AWS beside the topics of every host: what a certificate costs, what strangers
//! cannot make us pay, what faults of the cloud do, what is kept for how long, and which rights are
//! used.

mod budget;
mod deny_of_wallet;
mod events;
mod everything;
mod expiry;
mod faults;
mod gateway;
mod iam;
mod issuers;
mod operator;
mod passing_time;
mod patient;
mod policies;
mod restore;
#[path = "../protocol/routes.rs"]
mod routes;
mod story;

use tests::Host;

/// The host on which the CA runs.
const HOST: Host = Host::Aws;
