//! Handling one request from start to end.

use crate::{Context, Error, Operation, Reply, Request, Response, Route, answer::Answer, call::Call};

/// Handles a request for `operation`: checks it as `C` requires, calls `handle`, and answers.
pub async fn serve<C: Call>(
    context: &Context,
    operation: Operation,
    request: Request,
    handle: impl AsyncFnOnce(&Context, C) -> Result<Reply, Error>,
) -> Response {
    let mut answer = Answer::to(&request, Some(operation));
    let result = match admit(context, operation, &request, &mut answer).await {
        Ok(call) => handle(context, call).await,
        Err(error) => Err(error),
    };
    answer.finish(context, result).await
}

async fn admit<C: Call>(
    context: &Context,
    operation: Operation,
    request: &Request,
    answer: &mut Answer,
) -> Result<C, Error> {
    let directory = Route::directory(context, request.uri()).ok_or(Error::NoSuchResource)?;
    // A refusal carries the headers of its directory too, even when the path has an invalid id,
    // which a gateway's routes let through.
    let serving = context.authority().directory(&directory).await?;
    answer.serving = Some(serving.clone());
    let route = Route::parse(context, request.uri())
        .filter(|route| route.operation() == operation)
        .ok_or(Error::NoSuchResource)?;
    if !operation.takes(request.method()) {
        return Err(Error::Method { allow: operation.allow() });
    }
    if !operation.is_aftercare() {
        serving.check_in_service()?;
    }
    C::admit(context, serving, route, request).await
}
