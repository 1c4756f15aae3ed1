//! Another function, in any region, that this one invokes and waits for. Why it is no client of the
//! SDK: decision 0029.

use std::{fmt::Write, sync::Arc};

use authority::Clock;
use aws_config::SdkConfig;
use lambda_runtime::Error as BoxError;
use serde_json::Value;

use crate::signed_post::{Answer, SignedPost};

/// What invokes other functions.
pub struct FunctionInvoker {
    config: SdkConfig,
    clock: Arc<dyn Clock>,
}

impl FunctionInvoker {
    pub(crate) fn new(config: SdkConfig, clock: Arc<dyn Clock>) -> Self {
        Self { config, clock }
    }

    /// The function with this ARN; `None` if that is none.
    pub fn function(&self, arn: &str) -> Option<InvokedFunction> {
        let mut parts = arn.split(':').skip(1);
        let (Some(partition), Some("lambda"), Some(region)) = (parts.next(), parts.next(), parts.next()) else {
            return None;
        };
        let domain = if partition == CHINA { DOMAIN_OF_CHINA } else { DOMAIN };
        let regional = || format!("https://lambda.{region}.{domain}");
        let origin = self.config.endpoint_url().map_or_else(regional, |url| url.trim_end_matches('/').to_owned());
        let path = format!("/2015-03-31/functions/{}/invocations", label(arn));
        let (config, clock) = (self.config.clone(), self.clock.clone());
        Some(InvokedFunction(SignedPost::new(config, clock, Some(region.to_owned()), &origin, path, TWICE)))
    }
}

/// One that this function may invoke. Its connections are kept from one time to the next.
pub struct InvokedFunction(SignedPost);

impl InvokedFunction {
    /// Invokes it, and returns its answer. What fails on the way is sent once more: only functions
    /// that change nothing may be invoked.
    ///
    /// # Errors
    /// There are no credentials, Lambda was not reached or refused, or the function failed: the
    /// error says how.
    pub async fn invoke(&self, payload: Vec<u8>) -> Result<Vec<u8>, BoxError> {
        let Answer { function_error, body } = self.0.send(payload).await?;
        let Some(kind) = function_error else { return Ok(body) };
        let reason = serde_json::from_slice::<Value>(&body).ok();
        let reason = reason.as_ref().and_then(|error| error["errorMessage"].as_str()).unwrap_or("it does not say why");
        Err(format!("the function failed ({kind}): {reason}").into())
    }
}

/// A part of a path as the SDKs write it: all but unreserved characters are escaped.
fn label(text: &str) -> String {
    let mut label = String::with_capacity(text.len() + 2 * 7);
    for octet in text.bytes() {
        match octet {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => label.push(char::from(octet)),
            // Writing to a string does not fail.
            _ => drop(write!(label, "%{octet:02X}")),
        }
    }
    label
}

const TWICE: u32 = 2;
const CHINA: &str = "aws-cn";
const DOMAIN_OF_CHINA: &str = "amazonaws.com.cn";
const DOMAIN: &str = "amazonaws.com";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_one_label_of_the_path() {
        assert_eq!(
            label("arn:aws:lambda:eu-west-1:1:function:a_b"),
            "arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Aa_b"
        );
        assert_eq!(label("a/../b?c"), "a%2F..%2Fb%3Fc");
    }
}
