//! A function URL that IAM guards.

use std::{sync::Arc, time::Duration};

use authority::Clock;
use aws_config::SdkConfig;
use lambda_runtime::Error as BoxError;

use crate::signed_post::SignedPost;

/// The URL of another function.
pub struct FunctionUrl {
    config: SdkConfig,
    clock: Arc<dyn Clock>,
    url: String,
}

impl FunctionUrl {
    /// The function at this URL, which ends with a slash and has no query.
    pub(crate) fn new(config: SdkConfig, clock: Arc<dyn Clock>, url: impl Into<String>) -> Self {
        Self { config, clock, url: url.into() }
    }

    /// Sends a POST without a body, once, and returns what the function answered.
    ///
    /// # Errors
    /// There are no credentials, the function was not reached, or it refused: the error has its
    /// answer.
    pub async fn post(&self) -> Result<Vec<u8>, BoxError> {
        let region = self.config.region().ok_or("there is no region")?;
        let post = SignedPost {
            origin: self.url.trim_end_matches('/'),
            path: "/",
            region: region.as_ref(),
            operation: "FunctionUrl",
            body: Vec::new(),
            limit: LIMIT,
        };
        Ok(post.send(&self.config, &self.clock).await?.body)
    }
}

/// A cold start and a few calls.
const LIMIT: Duration = Duration::from_secs(20);
