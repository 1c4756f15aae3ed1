//! An incoming request: the service and the operation that it names. All services have them in
//! `x-amz-target`, except S3 and invocations, which have method and path, and the URLs of
//! functions, known by their hosts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use crate::account::REGION;

/// A service of the cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Amazon DynamoDB: tables.
    DynamoDb,
    /// Amazon EventBridge: event buses.
    EventBridge,
    /// AWS Key Management Service.
    Kms,
    /// AWS Lambda: functions and their URLs.
    Lambda,
    /// Amazon Simple Queue Service.
    Sqs,
    /// Amazon Simple Storage Service.
    S3,
}

/// A request of a principal, parsed far enough to know its service and operation.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) principal: String,
    pub(crate) id: String,
    pub(crate) service: Service,
    pub(crate) operation: String,
    /// Whether the principal signed it; false for presigned URLs.
    pub(crate) signed: bool,
    /// The body of a JSON protocol; null for S3 and for functions.
    pub(crate) json: Value,
    pub(crate) http: http::Request<Bytes>,
}

/// The request names no operation that this cloud has.
#[derive(Debug, thiserror::Error)]
#[error("no such operation: {0}")]
pub(crate) struct UnknownOperation(String);

impl Request {
    pub(crate) fn read(principal: String, id: String, http: http::Request<Bytes>) -> Result<Self, UnknownOperation> {
        let signed = http.headers().contains_key(http::header::AUTHORIZATION);
        let target = http.headers().get("x-amz-target").and_then(|value| value.to_str().ok());
        let (service, operation, json) = match target {
            Some(target) => {
                let (prefix, operation) = target.split_once('.').unwrap_or((target, ""));
                let service = match prefix {
                    "AWSEvents" => Service::EventBridge,
                    "DynamoDB_20120810" => Service::DynamoDb,
                    "TrentService" => Service::Kms,
                    "AmazonSQS" => Service::Sqs,
                    _ => return Err(UnknownOperation(target.to_owned())),
                };
                let json = serde_json::from_slice(http.body()).map_err(|error| UnknownOperation(error.to_string()))?;
                (service, operation.to_owned(), json)
            }
            None if is_function_url(&http) => (Service::Lambda, "InvokeFunctionUrl".to_owned(), Value::Null),
            None if invoked_function(&http).is_some() => (Service::Lambda, "Invoke".to_owned(), Value::Null),
            None => {
                let operation = match *http.method() {
                    http::Method::PUT => "PutObject",
                    http::Method::GET => "GetObject",
                    http::Method::HEAD => "HeadObject",
                    http::Method::DELETE => "DeleteObject",
                    _ => return Err(UnknownOperation(format!("{} {}", http.method(), http.uri()))),
                };
                (Service::S3, operation.to_owned(), Value::Null)
            }
        };
        Ok(Self { principal, id, service, operation, signed, json, http })
    }

    /// The region that was called, by the signature's scope (`access key/date/region/service/…`).
    pub(crate) fn region(&self) -> &str {
        let header = self.http.headers().get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        header.and_then(|signature| signature.split('/').nth(2)).unwrap_or(REGION)
    }

    /// A string member of the JSON body; empty when absent.
    pub(crate) fn text(&self, member: &str) -> &str {
        self.json[member].as_str().unwrap_or_default()
    }

    /// A member with base64; `None` if it is absent or malformed.
    pub(crate) fn blob(&self, member: &str) -> Option<Vec<u8>> {
        STANDARD.decode(self.json[member].as_str()?).ok()
    }
}

/// Whether a request is one to the URL of a function.
fn is_function_url(http: &http::Request<Bytes>) -> bool {
    http.uri().host().is_some_and(|host| host.contains(".lambda-url."))
}

/// The ARN of the function that a request to the API of Lambda invokes.
pub(crate) fn invoked_function(http: &http::Request<Bytes>) -> Option<String> {
    let path = http.uri().path().strip_prefix("/2015-03-31/functions/")?.strip_suffix("/invocations")?;
    (*http.method() == http::Method::POST).then(|| path.replace("%3A", ":"))
}

/// The access key id in a SigV4 `Authorization` header.
pub(crate) fn access_key_id(http: &http::Request<Bytes>) -> Option<&str> {
    let header = http.headers().get(http::header::AUTHORIZATION)?.to_str().ok()?;
    header.split_once("Credential=")?.1.split('/').next()
}
