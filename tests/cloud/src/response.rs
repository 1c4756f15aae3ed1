//! The response of a service: the reply in its protocol, and what the record keeps of it.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::call::{CallOutcome, Units};
use crate::request::Service;

/// The reply of a service.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) http: http::Response<Bytes>,
    /// The name of the error; `None` for success.
    pub(crate) refused: Option<String>,
    pub(crate) units: Units,
}

impl Reply {
    pub(crate) fn json(body: &Value) -> Self {
        Self { http: answer(200, JSON, body.to_string().into()), refused: None, units: Units::default() }
    }

    pub(crate) fn raw(http: http::Response<Bytes>) -> Self {
        Self { http, refused: None, units: Units::default() }
    }

    pub(crate) fn costing(mut self, units: Units) -> Self {
        self.units = units;
        self
    }

    pub(crate) fn outcome(&self) -> CallOutcome {
        match &self.refused {
            None => CallOutcome::Done,
            Some(name) => CallOutcome::Refused(name.clone()),
        }
    }
}

/// An error in the service's own protocol.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) name: &'static str,
    pub(crate) message: String,
    /// Additional members of a JSON error.
    pub(crate) members: Value,
}

impl Refusal {
    pub(crate) fn new(status: u16, name: &'static str, message: impl Into<String>) -> Self {
        Self { status, name, message: message.into(), members: json!({}) }
    }

    pub(crate) fn reply(self, service: Service) -> Reply {
        let namespace = match service {
            Service::DynamoDb => "com.amazonaws.dynamodb.v20120810#",
            Service::Sqs => "com.amazonaws.sqs#",
            Service::EventBridge | Service::Kms | Service::Lambda => "",
            Service::S3 => {
                let body = format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{}</Code><Message>{}</Message></Error>",
                    self.name, self.message
                );
                let http = answer(self.status, "application/xml", body.into());
                return Reply { refused: Some(self.name.to_owned()), ..Reply::raw(http) };
            }
        };
        let mut body = self.members;
        body["__type"] = format!("{namespace}{}", self.name).into();
        body["message"] = self.message.into();
        let mut http = answer(self.status, JSON, body.to_string().into());
        if service == Service::Sqs {
            http.headers_mut().insert("x-amzn-query-error", query_error(self.name));
        }
        Reply { refused: Some(self.name.to_owned()), ..Reply::raw(http) }
    }
}

/// SQS repeats the name of an error in the form of its older protocol, and the SDK uses that name.
fn query_error(name: &str) -> http::HeaderValue {
    http::HeaderValue::from_static(match name {
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue;Sender",
        "UnsupportedOperation" => "AWS.SimpleQueueService.UnsupportedOperation;Sender",
        "EmptyBatchRequest" => "AWS.SimpleQueueService.EmptyBatchRequest;Sender",
        "TooManyEntriesInBatchRequest" => "AWS.SimpleQueueService.TooManyEntriesInBatchRequest;Sender",
        // Without a delimiter, the client uses the name in the body.
        _ => "",
    })
}

pub(crate) fn answer(status: u16, media_type: &str, body: Bytes) -> http::Response<Bytes> {
    let mut response = http::Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = media_type.parse() {
        response.headers_mut().insert(http::header::CONTENT_TYPE, value);
    }
    response
}

/// The connection broke, and there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    /// The connection was reset, refused, or closed before an answer.
    #[error("the connection was closed before an answer")]
    Closed,
    /// No answer arrived in time.
    #[error("no answer came in time")]
    TimedOut,
}

pub(crate) const JSON: &str = "application/x-amz-json-1.0";
