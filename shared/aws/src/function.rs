//! What Lambda runs: an event in, an answer out, both JSON.

use std::pin::Pin;

use async_trait::async_trait;
use lambda_runtime::Diagnostic;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};

/// A Lambda function, ready for its events.
#[async_trait]
pub trait Function: Send + Sync {
    /// Takes one event.
    ///
    /// # Errors
    /// When the event is none that the function takes, or its caller should try again.
    async fn invoke(&self, event: &RawValue) -> Result<Box<RawValue>, InvocationError>;
}

/// What the functions' libraries are asked for: work that borrows its surroundings.
pub type Promise<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why an event was not taken. Lambda tells the caller and counts it among the function's errors.
#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    /// The event is not of the kind that the function is for.
    #[error("the event is not {expected}: {source}")]
    Event {
        /// What it should be.
        expected: &'static str,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The event does not say at which domain the request came in, and no base URL is configured.
    #[error("the event names no domain; set PUBLIC_BASE_URL")]
    NoDomain,
    /// The body of a request is not the base64 that the event says it is.
    #[error("the body of the event is not base64")]
    Body,
    /// The answer cannot be written.
    #[error("the answer cannot be written: {0}")]
    Answer(#[source] serde_json::Error),
    /// What was asked for did not happen.
    #[error("{0}")]
    Failed(String),
}

impl From<InvocationError> for Diagnostic {
    fn from(error: InvocationError) -> Self {
        let error_type = match error {
            InvocationError::Event { .. } | InvocationError::NoDomain | InvocationError::Body => "UnreadableEvent",
            InvocationError::Answer(_) => "UnwritableAnswer",
            InvocationError::Failed(_) => "Failed",
        };
        Diagnostic { error_type: error_type.to_owned(), error_message: error.to_string() }
    }
}

/// Reads an event.
pub(crate) fn read<T: DeserializeOwned>(event: &RawValue, expected: &'static str) -> Result<T, InvocationError> {
    serde_json::from_str(event.get()).map_err(|source| InvocationError::Event { expected, source })
}

/// Writes an answer.
pub(crate) fn write(answer: &impl Serialize) -> Result<Box<RawValue>, InvocationError> {
    to_raw_value(answer).map_err(InvocationError::Answer)
}
