//! Requests that belong to no operation: 404, 405, and the CORS preflight requests of browsers.

use http::{Method, StatusCode, header};

use crate::{Context, Error, Operation, Reply, Request, Response, Route, pending_response::PendingResponse};

/// Answers a request that belongs to no operation.
pub async fn fallback(context: &Context, request: Request) -> Response {
    let operation = Route::parse(context, request.uri()).map(|route| route.operation());
    let mut answer = PendingResponse::to(&request, operation);
    let result = refuse(context, operation, &request, &mut answer).await;
    answer.finish(context, result).await
}

async fn refuse(
    context: &Context,
    operation: Option<Operation>,
    request: &Request,
    answer: &mut PendingResponse,
) -> Result<Reply, Error> {
    let directory = Route::directory(context, request.uri()).ok_or(Error::NoSuchResource)?;
    answer.serving = Some(context.directories().directory(&directory).await?);
    let operation = operation.ok_or(Error::NoSuchResource)?;
    if *request.method() == Method::OPTIONS {
        Ok(options(operation))
    } else {
        Err(Error::Method { allow: operation.allow() })
    }
}

/// What a preflight request asks for beyond this is added where all answers are finished.
fn options(operation: Operation) -> Reply {
    Reply::empty(StatusCode::NO_CONTENT).with(header::ALLOW, operation.allow())
}
