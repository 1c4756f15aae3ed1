//! A POST that is signed with the credentials of this function (Signature Version 4, service
//! `lambda`), and sent once.

use std::{
    fmt,
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

/// What is sent, and where.
pub(crate) struct SignedPost<'a> {
    /// Scheme and host, without a slash at the end.
    pub(crate) origin: &'a str,
    /// As it is sent, from the first slash on.
    pub(crate) path: &'a str,
    /// The region of AWS that answers.
    pub(crate) region: &'a str,
    /// What it is, for the log.
    pub(crate) operation: &'static str,
    pub(crate) body: Vec<u8>,
    /// A longer answer is none.
    pub(crate) limit: Duration,
}

/// What was answered with success.
pub(crate) struct Answer {
    /// That of `X-Amz-Function-Error`: a function was invoked, and failed.
    pub(crate) function_error: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl fmt::Debug for Answer {
    /// Without the body, which may be a key.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Answer").field("function_error", &self.function_error).finish_non_exhaustive()
    }
}

impl SignedPost<'_> {
    /// Sends it once.
    ///
    /// # Errors
    /// There are no credentials, the other side was not reached, or it refused: the error has its
    /// answer.
    pub(crate) async fn send(self, config: &SdkConfig, clock: &Arc<dyn Clock>) -> Result<Answer, BoxError> {
        let headers = self.signature(config, clock).await?;
        let mut operation = Operation::builder()
            .service_name("Lambda")
            .operation_name(self.operation)
            .endpoint_url(self.origin)
            .no_auth()
            .no_retry()
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(self.limit).build());
        if let Some(client) = config.http_client() {
            operation = operation.http_client(client);
        }
        let path = self.path.to_owned();
        let operation = operation
            .serializer(move |(headers, body): (Vec<(String, String)>, Vec<u8>)| {
                let mut request = HttpRequest::new(SdkBody::from(body));
                request.set_method("POST")?;
                request.set_uri(path.clone())?;
                for (name, value) in headers {
                    request.headers_mut().try_insert(name, value)?;
                }
                Ok(request)
            })
            .deserializer(|response: &HttpResponse| {
                let body = response.body().bytes().unwrap_or_default();
                if response.status().is_success() {
                    let function_error = response.headers().get("x-amz-function-error").map(str::to_owned);
                    return Ok(Answer { function_error, body: body.to_vec() });
                }
                let answer = String::from_utf8_lossy(body).chars().take(MAX_ANSWER).collect();
                Err(OrchestratorError::operation(Refused { status: response.status().as_u16(), answer }))
            })
            .build();
        Ok(operation.invoke((headers, self.body)).await?)
    }

    /// The headers by which AWS knows who sends the request.
    async fn signature(&self, config: &SdkConfig, clock: &Arc<dyn Clock>) -> Result<Vec<(String, String)>, BoxError> {
        let provider = config.credentials_provider().ok_or("there are no credentials")?;
        let identity = provider.provide_credentials().await?.into();
        let seconds = u64::try_from(clock.now().as_second())?;
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name("lambda")
            .time(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
            .settings(SigningSettings::default())
            .build()?
            .into();
        let url = format!("{}{}", self.origin, self.path);
        let request = SignableRequest::new("POST", url, std::iter::empty(), SignableBody::Bytes(&self.body))?;
        let (signed, _) = http_request::sign(request, &parameters)?.into_parts();
        Ok(signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

/// The other side refused the request.
#[derive(Debug, thiserror::Error)]
#[error("the function answered with status {status}: {answer}")]
struct Refused {
    status: u16,
    answer: String,
}

/// Characters of an answer that are worth showing.
const MAX_ANSWER: usize = 500;
