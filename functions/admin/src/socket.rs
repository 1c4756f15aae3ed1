//! What is said over the socket of a host that runs in one process: a request is a line of JSON as
//! everywhere, its answer is a line with a [`SocketReply`].

use std::{net::SocketAddr, path::PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a running host adds to an answer, so that lines to copy are whole.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Surroundings {
    /// The base of all ACME URLs.
    pub base_url: String,
    /// The file of the root certificate.
    pub root: PathBuf,
    /// The port that http-01 connects to.
    pub http_port: u16,
    /// The resolver of validation, when one is set.
    pub dns_resolver: Option<SocketAddr>,
    /// How the webhook is, when one is set.
    pub webhook: Option<WebhookStatus>,
}

/// What the host answers to one request.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SocketReply {
    /// It was done.
    Answer {
        /// The answer of the request.
        answer: Value,
        /// Of the host that answered.
        host: Surroundings,
    },
    /// It was not, and why.
    Refusal(String),
}

impl SocketReply {
    /// The name of the socket in the data folder.
    pub const FILE: &str = "admin.sock";
}

/// How a webhook is, for operators.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookStatus {
    /// The URL that the webhook posts to.
    pub receiver: String,
    /// How many events wait.
    pub waiting: u64,
    /// Since when deliveries fail; absent while they do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// Why the last one failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many events were given up after three days, since the host started.
    pub given_up: u64,
    /// How many events found no room, since the host started.
    pub lost: u64,
}
