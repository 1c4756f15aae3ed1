//! Functions that operators invoke with permissions of IAM: the request and the answer are JSON. A
//! refusal is an error of the function, which `aws lambda invoke` shows as such.

use std::sync::Arc;

use acme::failure_chain;
use async_trait::async_trait;
use aws_config::SdkConfig;
use lambda_runtime::Error as BoxError;
use ra::{Authority, Needs};
use serde_json::{Value, value::RawValue};

use crate::{
    Environment, Function, InvocationError, Promise, StartError,
    function::{read, write},
    seams::Openers,
};

/// The work of a function's library: performs an action.
pub type Action = for<'a> fn(&'a Authority, Value) -> Promise<'a, Result<Value, BoxError>>;

/// A function that is invoked directly.
pub struct Invocation {
    authority: Arc<Authority>,
    action: Action,
}

impl Invocation {
    /// The function that `main.rs` starts.
    ///
    /// # Errors
    /// A required environment variable is missing or invalid.
    pub fn new(
        config: &SdkConfig,
        environment: &Environment,
        needs: Needs,
        action: Action,
    ) -> Result<Self, StartError> {
        Self::open(config, environment, Openers::of(needs), action)
    }

    pub(crate) fn open(
        config: &SdkConfig,
        environment: &Environment,
        openers: Openers,
        action: Action,
    ) -> Result<Self, StartError> {
        Ok(Self { authority: openers.open(config, environment)?, action })
    }
}

#[async_trait]
impl Function for Invocation {
    async fn invoke(&self, event: &RawValue) -> Result<Box<RawValue>, InvocationError> {
        let request = read(event, "JSON")?;
        let answer = (self.action)(&self.authority, request).await;
        write(&answer.map_err(|error| {
            let reason = failure_chain(error.as_ref());
            tracing::warn!(reason, "a request was refused");
            InvocationError::Failed(reason)
        })?)
    }
}
