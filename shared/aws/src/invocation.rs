//! Functions that operators invoke with their IAM permissions. The request and the answer are JSON.
//! A refusal is a function error, which `aws lambda invoke` shows as such.

use acme::failure_chain;
use async_trait::async_trait;
use serde_json::{Value, value::RawValue};

use crate::{
    Function, InvocationError,
    function::{read, write},
    part::Do,
};

/// A function that is invoked directly, not through API Gateway or a queue.
pub struct Invocation {
    action: Box<dyn Do<Asked, Value>>,
}

/// A request, and how it came.
#[derive(Debug)]
pub struct Asked {
    /// The alias of the function that was invoked; `None` for the function itself.
    pub alias: Option<String>,
    /// What was asked for, as the invoker wrote it.
    pub request: Value,
}

impl Invocation {
    /// A function that runs `action` for each request.
    pub fn new(action: Box<dyn Do<Asked, Value>>) -> Self {
        Self { action }
    }
}

#[async_trait]
impl Function for Invocation {
    async fn invoke(&self, event: &RawValue) -> Result<Box<RawValue>, InvocationError> {
        self.invoke_through(None, event).await
    }

    async fn invoke_through(&self, alias: Option<&str>, event: &RawValue) -> Result<Box<RawValue>, InvocationError> {
        let asked = Asked { alias: alias.map(str::to_owned), request: read(event, "JSON")? };
        let answer = self.action.run(asked).await;
        write(&answer.map_err(|error| {
            let reason = failure_chain(error.as_ref());
            tracing::warn!(reason, "a request was refused");
            InvocationError::Failed(reason)
        })?)
    }
}
