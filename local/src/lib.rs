//! The one-process host: the same functions as on AWS, on an embedded store, a software signer,
//! in-process queues and two listeners.
//!
//! [`Host::start`] puts the parts together; [`run`] is the command line around it; everything else
//! here is one of the parts.

pub mod config;

mod admin_socket;
mod at_rest;
mod banner;
mod cli;
mod data_folder;
mod demo;
mod dispatch;
mod failure_chain;
mod host;
mod host_tls;
mod listener;
mod maintenance;
mod prompt_stream;
mod queue;
mod software_signer;
mod start_error;
mod status;
mod webhook;

pub use cli::run;
pub use config::{Config, EventsConfig, TestSwitches, WebhookConfig};
pub use host::Host;
pub use start_error::StartError;
