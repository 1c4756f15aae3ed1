//! Everything that no operation takes: 404, 405, and the preflight requests of browsers.

use http::{Method, StatusCode, header};

use crate::{Context, Error, Reply, Request, Response, Route, log::RequestLog, problem};

/// Answers a request that belongs to no operation.
pub async fn fallback(context: &Context, request: Request) -> Response {
    let log = RequestLog::begin(&request);
    let reply = match Route::parse(context, request.uri()).map(|route| route.operation()) {
        Some(operation) if *request.method() == Method::OPTIONS => {
            let reply = Reply::empty(StatusCode::NO_CONTENT)
                .with(header::ALLOW, operation.allow())
                .with(header::ACCESS_CONTROL_ALLOW_METHODS, operation.allow())
                .with(header::ACCESS_CONTROL_ALLOW_HEADERS, "Content-Type")
                .with(header::ACCESS_CONTROL_MAX_AGE, "86400");
            log.succeeded(reply.status());
            reply
        }
        operation => {
            let error = match operation {
                Some(operation) => Error::Method { allow: operation.allow() },
                None => Error::NoSuchResource,
            };
            let reply = problem::reply(context, None, &error);
            log.refused(reply.status(), &error);
            reply
        }
    };
    reply.seal(*request.method() != Method::HEAD)
}
