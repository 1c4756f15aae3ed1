//! The cloud as the HTTP client of the SDK.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;

use crate::account::REGION;
use crate::cloud::Cloud;
use crate::response::Broken;

impl Cloud {
    /// The secret access key of every principal.
    pub const SECRET: &str = "secret";
    /// The session token of every principal, as the role of a function has one.
    pub const TOKEN: &str = "token";

    /// A configuration for the SDK clients of this principal: region, credentials and an HTTP
    /// client that leads to this cloud. Time-outs and retries are the SDK's defaults; `to_builder`
    /// or `into_builder` changes them.
    pub fn sdk_config(&self, principal: &str) -> SdkConfig {
        self.sdk_config_in(principal, REGION)
    }

    /// The same for a principal in another region. Of all services only KMS tells regions apart:
    /// the table is a global one.
    pub fn sdk_config_in(&self, principal: &str, region: &str) -> SdkConfig {
        let credentials = Credentials::new(principal, Cloud::SECRET, Some(Cloud::TOKEN.to_owned()), None, "cloud");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(self.http_client(principal))
            .build()
    }

    /// Only the HTTP client, for a configuration made elsewhere. Its calls belong to this
    /// principal, whatever access key signed them.
    pub fn http_client(&self, principal: &str) -> SharedHttpClient {
        SharedHttpClient::new(Connector::new(self.clone(), principal))
    }
}

/// An HTTP client that makes all its requests as one principal.
#[derive(Clone, Debug)]
struct Connector {
    cloud: Cloud,
    principal: String,
}

impl Connector {
    fn new(cloud: Cloud, principal: &str) -> Self {
        Self { cloud, principal: principal.to_owned() }
    }

    async fn send(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(ConnectorError::user)?.to_bytes();
        let response = self.cloud.answer(self.principal, http::Request::from_parts(head, body)).await?;
        HttpResponse::try_from(response.map(SdkBody::from)).map_err(|error| ConnectorError::other(error.into(), None))
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().send(request))
    }
}

impl HttpClient for Connector {
    /// The connect and read time-outs of the caller are ignored, because nothing takes that long
    /// here: [`AnswerLate`](crate::FaultKind::AnswerLate) stands for them.
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl From<Broken> for ConnectorError {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Closed => Self::io(broken.into()),
            Broken::TimedOut => Self::timeout(broken.into()),
        }
    }
}
