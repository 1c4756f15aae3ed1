//! A custom resource of CloudFormation: a part of a deployment for which there is no resource type.
//!
//! CloudFormation waits up to an hour for an answer at a signed URL, so an answer is sent in every
//! case. The physical id never changes: a new one would make CloudFormation replace the resource
//! and delete the old one. Delete does nothing, because the CA must outlive its stack.
//!
//! The same function may also be invoked on schedule.

use std::{collections::BTreeMap, time::Duration};

use acme::failure_chain;
use async_trait::async_trait;
use authority::Failure;
use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_runtime::client::{
    orchestrator::operation::Operation,
    retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier},
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_types::body::SdkBody;
use http::{Uri, uri::PathAndQuery};
use lambda_runtime::Error as BoxError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use tokio::time;

use crate::{
    Function, InvocationError,
    function::{read, write},
    part::Do,
    worker::{Scheduled, on_schedule},
};

/// A function behind a custom resource.
pub struct CustomResource {
    config: SdkConfig,
    /// Creates the CA from the properties in the template. If the CA exists, it changes nothing.
    establish: Box<dyn Do<Deployment, BTreeMap<String, String>>>,
    on_schedule: Box<dyn Do<(), ()>>,
    schedule: RetrySchedule,
}

/// What CloudFormation deploys: properties of the resource, all of which are text.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The properties that the resource is to have.
    pub properties: Value,
    /// Those that it has, if it is updated.
    pub before: Option<Value>,
}

/// How often and how long the function tries to create the CA. The time-out of the function must
/// leave time to answer.
#[derive(Clone, Debug)]
pub struct RetrySchedule {
    /// The pauses before the second and each later attempt.
    pub pauses: Vec<Duration>,
    /// The time limit for all attempts together.
    pub limit: Duration,
}

impl Default for RetrySchedule {
    /// Four attempts within 80 seconds, because the permissions of a new role take seconds to
    /// become effective everywhere.
    fn default() -> Self {
        Self { pauses: [2, 5, 10].map(Duration::from_secs).to_vec(), limit: Duration::from_secs(80) }
    }
}

impl CustomResource {
    /// A function that runs `establish` for a custom resource, and `on_schedule` for scheduled
    /// events.
    pub fn new(
        config: &SdkConfig,
        establish: Box<dyn Do<Deployment, BTreeMap<String, String>>>,
        on_schedule: Box<dyn Do<(), ()>>,
    ) -> Self {
        Self { config: config.clone(), establish, on_schedule, schedule: RetrySchedule::default() }
    }

    /// The same function with another schedule of attempts.
    #[must_use]
    pub fn with_schedule(self, schedule: RetrySchedule) -> Self {
        Self { schedule, ..self }
    }

    async fn establish(&self, deployment: Deployment) -> Result<BTreeMap<String, String>, BoxError> {
        let tries = async {
            for pause in &self.schedule.pauses {
                match self.establish.run(deployment.clone()).await {
                    Err(error) if may_pass(&error) => {
                        tracing::warn!(
                            reason = failure_chain(error.as_ref()),
                            "the CA could not be created; trying again"
                        );
                        time::sleep(*pause).await;
                    }
                    ended => return ended,
                }
            }
            self.establish.run(deployment).await
        };
        time::timeout(self.schedule.limit, tries).await.unwrap_or_else(|_| Err("creating the CA took too long".into()))
    }

    /// Sends the answer to the URL where CloudFormation waits for it.
    async fn answer(&self, url: &str, answer: &ResourceResponse<'_>) -> Result<(), InvocationError> {
        let body = serde_json::to_string(answer).map_err(InvocationError::Answer)?;
        let failed = |error: &dyn std::error::Error| {
            let reason = format!("CloudFormation could not be answered: {}", failure_chain(error));
            tracing::error!("{reason}");
            InvocationError::Failed(reason)
        };
        let url: Uri = url.parse().map_err(|error: http::uri::InvalidUri| failed(&error))?;
        let origin =
            format!("{}://{}", url.scheme_str().unwrap_or("https"), url.authority().map_or("", |a| a.as_str()));
        let target = url.path_and_query().map_or("/", PathAndQuery::as_str).to_owned();
        let mut operation = Operation::builder()
            .service_name("CloudFormation")
            .operation_name("ResourceResponse")
            .endpoint_url(&origin)
            .no_auth()
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).build())
            .standard_retry(&RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(FIRST_PAUSE))
            .retry_classifier(HttpStatusCodeClassifier::default())
            .retry_classifier(TransientErrorClassifier::<Unanswered>::new());
        if let Some(client) = self.config.http_client() {
            operation = operation.http_client(client);
        }
        let operation = operation
            .serializer(move |body: String| {
                let mut request = HttpRequest::new(SdkBody::from(body));
                request.set_method("PUT")?;
                request.set_uri(target.as_str())?;
                Ok(request)
            })
            .deserializer(|response: &HttpResponse| {
                if response.status().is_success() {
                    Ok(())
                } else {
                    Err(OrchestratorError::operation(Unanswered(response.status().as_u16())))
                }
            })
            .build();
        operation.invoke(body).await.map_err(|error| failed(&error))
    }
}

#[async_trait]
impl Function for CustomResource {
    async fn invoke(&self, event: &RawValue) -> Result<Box<RawValue>, InvocationError> {
        let request = match read(event, "a request of CloudFormation or a scheduled event")? {
            Event::Scheduled { .. } => {
                on_schedule(Some(self.on_schedule.as_ref())).await?;
                return write(&());
            }
            Event::Request(request) => request,
        };
        let established = match request.request_type {
            RequestType::Create | RequestType::Update => {
                let (properties, before) = (request.resource_properties, request.old_resource_properties);
                self.establish(Deployment { properties, before }).await
            }
            RequestType::Delete => Ok(BTreeMap::new()),
        };
        let (status, reason, data) = match established {
            Ok(data) => (Status::Success, String::new(), data),
            Err(error) => {
                let reason = failure_chain(error.as_ref());
                tracing::error!(reason, "the CA could not be created");
                (Status::Failed, reason.chars().take(MAX_REASON).collect(), BTreeMap::new())
            }
        };
        let answer = ResourceResponse {
            status,
            reason,
            physical_resource_id: PHYSICAL_ID,
            stack_id: &request.stack_id,
            request_id: &request.request_id,
            logical_resource_id: &request.logical_resource_id,
            data,
        };
        self.answer(&request.response_url, &answer).await?;
        write(&())
    }
}

/// Whether the same call may succeed a little later. That is true for most errors of the authority,
/// because the permissions of a new role take seconds to become effective everywhere.
fn may_pass(error: &BoxError) -> bool {
    let failure = match error.downcast_ref::<issuing::Error>() {
        Some(issuing::Error::Failed(failure)) => Some(failure),
        Some(_) => return true,
        None => match error.downcast_ref::<operator::Error>() {
            Some(operator::Error::Failed(failure)) => Some(failure),
            Some(_) => return true,
            None => error.downcast_ref::<Failure>(),
        },
    };
    failure.is_some_and(|failure| !matches!(failure, Failure::ForeignIssuer(_)))
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Event {
    Request(Box<Request>),
    Scheduled {
        #[serde(rename = "detail-type")]
        _kind: Scheduled,
    },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    request_type: RequestType,
    #[serde(rename = "ResponseURL")]
    response_url: String,
    stack_id: String,
    request_id: String,
    logical_resource_id: String,
    #[serde(default)]
    resource_properties: Value,
    old_resource_properties: Option<Value>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
enum RequestType {
    Create,
    Update,
    Delete,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ResourceResponse<'a> {
    status: Status,
    reason: String,
    physical_resource_id: &'a str,
    stack_id: &'a str,
    request_id: &'a str,
    logical_resource_id: &'a str,
    data: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    Success,
    Failed,
}

/// CloudFormation did not accept the answer.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("CloudFormation refused the answer with status {0}")]
struct Unanswered(u16);

const PHYSICAL_ID: &str = "certificate-authority";

/// The maximum length of a reason, in characters. CloudFormation accepts an answer of at most 4,096
/// bytes.
const MAX_REASON: usize = 1_000;

const ATTEMPT: Duration = Duration::from_secs(5);
const ATTEMPTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
