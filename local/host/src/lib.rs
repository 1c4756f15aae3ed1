//! The one-process host: the same functions as on AWS, on an embedded store, a software signer,
//! in-process queues and two listeners.
//!
//! [`Host::start`] puts the parts together, with a [`Config`]; [`AtRest`] opens a data folder whose
//! host does not run; everything else here is one of the parts. The command line around them is the
//! package `serverless-acme`.

pub mod config;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod listener;

mod admin_socket;
mod at_rest;
mod completeness;
mod data_folder;
mod descriptors;
mod directories;
mod dispatch;
mod exposure;
mod host;
mod host_header;
mod maintenance;
mod own_certificate;
mod perspectives;
mod places;
mod prompt_stream;
mod queue;
mod readiness;
mod role_groups;
mod software_signer;
mod start_error;
mod status;
mod tasks;
mod trusted_proxies;
mod uninterrupted;
mod validation_queue;
mod webhook;

pub use ::perspective::Region;
pub use admin_socket::this_user;
pub use at_rest::AtRest;
pub use config::{Config, EventsConfig, TestSwitches, WebhookConfig, built_in_profiles};
pub use host::Host;
pub use perspectives::{PerspectiveConfig, PerspectiveError, PerspectiveProcess, PerspectivesFileError};
pub use role_groups::{RoleGroup, RoleGroupError};
pub use start_error::StartError;
pub use tasks::EndedTask;
pub use trusted_proxies::{TrustedProxies, TrustedProxy, TrustedProxyError};
pub use validation::{TrialFailure, try_resolver};
