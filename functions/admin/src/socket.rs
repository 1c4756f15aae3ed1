//! The protocol of the admin socket of a one-process host: a request is a line of JSON, and the
//! answer is a line with a [`SocketReply`].

use std::{net::SocketAddr, path::PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a running host adds to an answer, so that the commands to copy are complete.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Surroundings {
    /// The base URL of ACME.
    pub base_url: String,
    /// The path of the root certificate.
    pub root: PathBuf,
    /// The port that http-01 connects to.
    pub http_port: u16,
    /// The DNS resolver of validation, if one is configured.
    pub dns_resolver: Option<SocketAddr>,
    /// The status of the webhook, if one is configured.
    pub webhook: Option<WebhookStatus>,
}

/// The answer of the host to one request.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SocketReply {
    /// The action was performed.
    Answer {
        /// The answer of the action.
        answer: Value,
        /// The settings of the host that answered.
        host: Surroundings,
    },
    /// The action was refused, with the reason.
    Refusal(String),
}

impl SocketReply {
    /// The name of the socket in the data folder.
    pub const FILE: &str = "admin.sock";
}

/// The status of a webhook, for operators.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookStatus {
    /// The URL that the webhook posts to.
    pub receiver: String,
    /// The number of events that wait for delivery.
    pub waiting: u64,
    /// The time since which deliveries have failed; absent while they succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// The reason of the last failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The number of events dropped after three days, since the host started.
    pub given_up: u64,
    /// The number of events dropped because the spool was full, since the host started.
    pub lost: u64,
}
