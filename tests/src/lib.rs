//! End-to-end tests by topic, with the harness that they share.
//!
//! [`Environment`] is a CA on free ports with a [`challenge_server`] to which all names resolve;
//! [`client::Client`] is its ACME client; [`clients`] runs the ACME clients of other projects; an
//! [`Operator`] administers it from the command line; [`pkilint`] lints what it signs; [`iam`]
//! judges what the functions may do; [`SignedZones`] is a resolver that validates; [`alarm`]
//! evaluates the alarms of the template; [`life`] says what CloudFormation makes, changes and
//! leaves.

pub mod alarm;
pub mod challenge_server;
pub mod client;
pub mod clients;
mod clock;
pub mod deployed;
mod environment;
pub mod events;
pub mod iam;
mod join;
pub mod life;
pub mod metrics;
mod openssl;
mod operator;
pub mod pkilint;
mod reach;
mod signed_zones;

pub use environment::{Aws, Counts, Deployed, Directory, Environment, Functions, Host};
pub use join::all;
pub use openssl::openssl;
pub use operator::Operator;
pub use signed_zones::SignedZones;
