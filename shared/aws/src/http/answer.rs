//! From the answer of `api` to the one that `lambda_http` writes, in either payload.

use std::{future::ready, pin::Pin};

use api::Response;
use http::header;
use lambda_http::{Body, IntoResponse};

use super::request::listed;

/// An answer to a request of API Gateway.
pub(super) struct Answer(pub(super) Response);

impl IntoResponse for Answer {
    /// A body is text whenever it is UTF-8: `lambda_http` would have certificates in PEM go as
    /// base64, and a REST API hands that on as it is.
    fn into_response(self) -> Pin<Box<dyn Future<Output = lambda_http::Response<Body>> + Send>> {
        let (mut parts, body) = self.0.into_parts();
        // API Gateway says itself how long the answer is.
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers = listed(&parts.headers);
        let body = match String::from_utf8(body.into()) {
            Ok(text) => Body::Text(text),
            Err(error) => Body::Binary(error.into_bytes()),
        };
        Box::pin(ready(lambda_http::Response::from_parts(parts, body)))
    }
}
