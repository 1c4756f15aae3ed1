//! What applies only on AWS: the cost of a certificate, the cost of unauthenticated requests,
//! faults of the cloud, how long records are kept, and which permissions are used. The topics of
//! every host are tested elsewhere.

mod budget;
mod canary;
mod clearance;
mod constructors;
mod deny_of_wallet;
mod enrolment;
mod events;
mod everything;
mod expiry;
mod explained;
mod faults;
mod findings_of_rights;
mod gateway;
mod iam;
mod issuers;
mod key_policies;
mod keys;
mod measurements;
mod operator;
mod partitions;
mod passing_time;
mod patient;
mod perspectives;
mod policies;
mod regions;
mod restore;
mod resumption;
#[path = "../protocol/routes.rs"]
mod routes;
mod signature;
mod stored;
mod story;
mod verdicts;

use tests::Host;

/// The host on which the CA runs.
const HOST: Host = Host::Aws;
