//! A Lambda function: it receives an event and returns an answer, both JSON.

use std::pin::Pin;

use async_trait::async_trait;
use lambda_runtime::Diagnostic;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};

/// A Lambda function, ready for its events.
#[async_trait]
pub trait Function: Send + Sync {
    /// Handles one event.
    ///
    /// # Errors
    /// The event is not of the kind that the function handles, or its caller should try again.
    async fn invoke(&self, event: &RawValue) -> Result<Box<RawValue>, InvocationError>;

    /// Handles one event of an invocation of this alias of the function; `None` is the function
    /// itself. IAM decides about each alias who may invoke it, and only what operators ask depends
    /// on that.
    ///
    /// # Errors
    /// As [`Function::invoke`].
    async fn invoke_through(&self, alias: Option<&str>, event: &RawValue) -> Result<Box<RawValue>, InvocationError> {
        let _ = alias;
        self.invoke(event).await
    }
}

/// The alias or the version in the ARN by which a function was invoked, which is
/// `arn:<partition>:lambda:<region>:<account>:function:<name>[:<qualifier>]`. `$LATEST` is the
/// function itself.
pub(crate) fn alias_of(arn: &str) -> Option<&str> {
    arn.splitn(8, ':').nth(7).filter(|qualifier| *qualifier != "$LATEST")
}

/// A future of a function's library, which borrows its context.
pub type Promise<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why an event was not handled. Lambda reports it to the caller and counts it as an error of the
/// function.
#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    /// The event is not of the kind that the function handles.
    #[error("the event is not {expected}: {source}")]
    Event {
        /// The kind of event that the function handles.
        expected: &'static str,
        /// The error of the JSON parser.
        source: serde_json::Error,
    },
    /// The event does not contain the domain of the request, and no base URL is configured.
    #[error("the event names no domain; set PUBLIC_BASE_URL")]
    NoDomain,
    /// The body of the request is not valid base64 although the event declares it as base64.
    #[error("the body of the event is not base64")]
    Body,
    /// The answer cannot be serialized.
    #[error("the answer cannot be serialized: {0}")]
    Answer(#[source] serde_json::Error),
    /// The requested work failed.
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

/// Parses an event; `expected` describes it in the error.
pub(crate) fn read<T: DeserializeOwned>(event: &RawValue, expected: &'static str) -> Result<T, InvocationError> {
    serde_json::from_str(event.get()).map_err(|source| InvocationError::Event { expected, source })
}

/// Serializes an answer.
pub(crate) fn write(answer: &impl Serialize) -> Result<Box<RawValue>, InvocationError> {
    to_raw_value(answer).map_err(InvocationError::Answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alias_is_the_eighth_part_of_the_arn_that_was_invoked() {
        let function = "arn:aws:lambda:eu-west-1:123456789012:function:acme-AdminFunction-1A2B";
        assert_eq!(alias_of(function), None);
        assert_eq!(alias_of(&format!("{function}:$LATEST")), None);
        // A version is no alias that anyone was given, and is refused as an unknown one.
        for qualifier in ["view", "12", "view:policy", ""] {
            assert_eq!(alias_of(&format!("{function}:{qualifier}")), Some(qualifier));
        }
    }
}
