//! A function URL that IAM guards.

use std::sync::Arc;

use authority::Clock;
use aws_config::SdkConfig;
use lambda_runtime::Error as BoxError;

use crate::signed_post::SignedPost;

/// The URL of another function.
pub struct FunctionUrl(SignedPost);

impl FunctionUrl {
    /// The function at this URL, which ends with a slash and has no query.
    pub(crate) fn new(config: SdkConfig, clock: Arc<dyn Clock>, url: &str) -> Self {
        let region = config.region().map(ToString::to_string);
        Self(SignedPost::new(config, clock, region, url.trim_end_matches('/'), "/".to_owned(), ONCE))
    }

    /// Sends a POST without a body, once, and returns what the function answered.
    ///
    /// # Errors
    /// There are no credentials, the function was not reached, or it refused: the error has its
    /// answer.
    pub async fn post(&self) -> Result<Vec<u8>, BoxError> {
        Ok(self.0.send(Vec::new()).await?.body)
    }
}

/// What was lost on the way may have had its effect.
const ONCE: u32 = 1;
