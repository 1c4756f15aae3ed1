//! Functions that operators invoke with permissions of IAM: the request and the answer are JSON. A
//! refusal is an error of the function, which `aws lambda invoke` shows as such.

use acme::failure_chain;
use async_trait::async_trait;
use serde_json::{Value, value::RawValue};

use crate::{
    Function, InvocationError,
    function::{read, write},
    part::Do,
};

/// A function that is invoked by itself.
pub struct Invocation {
    action: Box<dyn Do<Value, Value>>,
}

impl Invocation {
    /// The function that `main.rs` starts.
    ///
    /// # Errors
    /// A required environment variable is missing or invalid.
    pub fn new(action: Box<dyn Do<Value, Value>>) -> Self {
        Self { action }
    }
}

#[async_trait]
impl Function for Invocation {
    async fn invoke(&self, event: &RawValue) -> Result<Box<RawValue>, InvocationError> {
        let request = read(event, "JSON")?;
        let answer = self.action.run(request).await;
        write(&answer.map_err(|error| {
            let reason = failure_chain(error.as_ref());
            tracing::warn!(reason, "a request was refused");
            InvocationError::Failed(reason)
        })?)
    }
}
