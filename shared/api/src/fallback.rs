//! Everything that no operation takes: 404, 405, and the preflight requests of browsers.

use http::{Method, StatusCode, header};
use ra::Access;

use crate::{
    Context, Error, Operation, Reply, Request, Response, Route, dress::Dress, log::RequestLog, problem,
};

/// Answers a request that belongs to no operation.
pub async fn fallback(context: &Context, request: Request) -> Response {
    let log = RequestLog::begin(&request);
    let operation = Route::parse(context, request.uri()).map(|route| route.operation());
    let mut dress = Dress::new(&request, operation);
    if let Some(directory) = Route::directory(context, request.uri()) {
        dress.serving = context.authority().serving(&directory, Access::Aftercare).await.ok();
    }
    let reply = match operation {
        Some(operation) if *request.method() == Method::OPTIONS => {
            let reply = preflight(operation);
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
    dress.put_on(context, reply).await.seal(*request.method() != Method::HEAD)
}

fn preflight(operation: Operation) -> Reply {
    Reply::empty(StatusCode::NO_CONTENT)
        .with(header::ALLOW, operation.allow())
        .with(header::ACCESS_CONTROL_ALLOW_METHODS, operation.allow())
        .with(header::ACCESS_CONTROL_ALLOW_HEADERS, "Content-Type")
        .with(header::ACCESS_CONTROL_MAX_AGE, "86400")
}
