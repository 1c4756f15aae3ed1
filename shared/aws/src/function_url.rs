//! A function URL that IAM guards: requests to it are signed with the credentials of this function
//! (Signature Version 4, service `lambda`).

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use authority::Clock;
use aws_config::{SdkConfig, timeout::TimeoutConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::{
    http_request::{self, SignableBody, SignableRequest, SigningSettings},
    sign::v4,
};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_types::body::SdkBody;
use lambda_runtime::Error as BoxError;

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
        let headers = self.signature().await?;
        let mut operation = Operation::builder()
            .service_name("Lambda")
            .operation_name("FunctionUrl")
            .endpoint_url(&self.url)
            .no_auth()
            .no_retry()
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(LIMIT).build());
        if let Some(client) = self.config.http_client() {
            operation = operation.http_client(client);
        }
        let operation = operation
            .serializer(move |headers: Vec<(String, String)>| {
                let mut request = HttpRequest::new(SdkBody::empty());
                request.set_method("POST")?;
                request.set_uri("/")?;
                for (name, value) in headers {
                    request.headers_mut().try_insert(name, value)?;
                }
                Ok(request)
            })
            .deserializer(|response: &HttpResponse| {
                let body = response.body().bytes().unwrap_or_default();
                if response.status().is_success() {
                    return Ok(body.to_vec());
                }
                let answer = String::from_utf8_lossy(body).chars().take(MAX_ANSWER).collect();
                Err(OrchestratorError::operation(Refused { status: response.status().as_u16(), answer }))
            })
            .build();
        Ok(operation.invoke(headers).await?)
    }

    /// The headers by which AWS knows who sends the request.
    async fn signature(&self) -> Result<Vec<(String, String)>, BoxError> {
        let provider = self.config.credentials_provider().ok_or("there are no credentials")?;
        let region = self.config.region().ok_or("there is no region")?;
        let identity = provider.provide_credentials().await?.into();
        let seconds = u64::try_from(self.clock.now().as_second())?;
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(region.as_ref())
            .name("lambda")
            .time(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
            .settings(SigningSettings::default())
            .build()?
            .into();
        let request = SignableRequest::new("POST", &self.url, std::iter::empty(), SignableBody::Bytes(&[]))?;
        let (signed, _) = http_request::sign(request, &parameters)?.into_parts();
        Ok(signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

/// The function refused the request.
#[derive(Debug, thiserror::Error)]
#[error("the function answered with status {status}: {answer}")]
struct Refused {
    status: u16,
    answer: String,
}

/// A cold start and a few calls.
const LIMIT: Duration = Duration::from_secs(20);
/// Characters of an answer that are worth showing.
const MAX_ANSWER: usize = 500;
