//! POSTs that are signed with the credentials of this function (Signature Version 4, service
//! `lambda`).

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use authority::Clock;
use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::{
    http_request::{self, SignableBody, SignableRequest, SigningSettings},
    sign::v4,
};
use aws_smithy_runtime::client::{
    orchestrator::operation::Operation,
    retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier},
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_types::body::SdkBody;
use lambda_runtime::Error as BoxError;

/// Sends POSTs to one URL. Its connections are kept from one to the next.
pub(crate) struct SignedPost {
    config: SdkConfig,
    clock: Arc<dyn Clock>,
    url: String,
    region: Option<String>,
    operation: Operation<(Headers, Vec<u8>), Answer, Refused>,
}

impl SignedPost {
    /// `path` is as it is sent, from the first slash on, and follows the origin, which has none at
    /// its end. `region` is that of AWS which answers. With two `tries`, what fails on the way is
    /// sent again: a connection that was kept may have ended while Lambda held the process.
    pub(crate) fn new(
        config: SdkConfig,
        clock: Arc<dyn Clock>,
        region: Option<String>,
        origin: &str,
        path: String,
        tries: u32,
    ) -> Self {
        let mut operation = Operation::builder()
            .service_name("Lambda")
            .operation_name("SignedPost")
            .endpoint_url(origin)
            .no_auth()
            .standard_retry(&RetryConfig::standard().with_max_attempts(tries))
            .retry_classifier(TransientErrorClassifier::<Refused>::new())
            .retry_classifier(HttpStatusCodeClassifier::new_from_codes(TRANSIENT))
            .with_connection_poisoning()
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(LIMIT).build());
        if let Some(client) = config.http_client() {
            operation = operation.http_client(client);
        }
        let url = format!("{origin}{path}");
        let operation = operation
            .serializer(move |(headers, body): (Headers, Vec<u8>)| {
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
        Self { config, clock, url, region, operation }
    }

    /// Sends this body.
    ///
    /// # Errors
    /// There are no credentials, the other side was not reached, or it refused: the error has its
    /// answer.
    pub(crate) async fn send(&self, body: Vec<u8>) -> Result<Answer, BoxError> {
        let headers = self.signature(&body).await?;
        Ok(self.operation.invoke((headers, body)).await?)
    }

    /// The headers by which AWS knows who sends the request.
    async fn signature(&self, body: &[u8]) -> Result<Headers, BoxError> {
        let provider = self.config.credentials_provider().ok_or("there are no credentials")?;
        let region = self.region.as_deref().ok_or("there is no region")?;
        let identity = provider.provide_credentials().await?.into();
        let seconds = u64::try_from(self.clock.now().as_second())?;
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name("lambda")
            .time(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
            .settings(SigningSettings::default())
            .build()?
            .into();
        let request = SignableRequest::new("POST", &self.url, std::iter::empty(), SignableBody::Bytes(body))?;
        let (signed, _) = http_request::sign(request, &parameters)?.into_parts();
        Ok(signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

/// Names and values.
type Headers = Vec<(String, String)>;

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

/// The other side refused the request.
#[derive(Debug, thiserror::Error)]
#[error("the function answered with status {status}: {answer}")]
struct Refused {
    status: u16,
    answer: String,
}

/// Throttled, or a fault of the service.
const TRANSIENT: &[u16] = &[429, 500, 502, 503, 504];
/// A cold start and a few calls; a question to a perspective is given up before.
const LIMIT: Duration = Duration::from_secs(20);
/// Characters of an answer that are worth showing.
const MAX_ANSWER: usize = 500;
