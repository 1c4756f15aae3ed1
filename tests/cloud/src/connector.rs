//! The cloud as the HTTP client of the SDK.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;

use crate::cloud::Cloud;
use crate::response::Broken;

/// An HTTP client that makes all its requests as one principal.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    cloud: Cloud,
    principal: String,
}

impl Connector {
    pub(crate) fn new(cloud: Cloud, principal: &str) -> Self {
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
