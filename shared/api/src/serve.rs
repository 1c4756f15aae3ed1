//! Handling one request from start to end.

use crate::{
    Context, Error, Operation, Reply, Request, Response, Route, call::Call, pending_response::PendingResponse,
};

/// Handles a request for `operation`: checks it as `C` requires, calls `handle` with the part of
/// the authority that the operation is about, and answers. A refusal by policy is emitted here,
/// once.
pub async fn serve<A: ?Sized, C: Call>(
    context: &Context,
    part: &A,
    operation: Operation,
    request: Request,
    handle: impl AsyncFnOnce(&Context, &A, C) -> Result<Reply, Error>,
) -> Response {
    let mut answer = PendingResponse::to(&request, Some(operation));
    let result = match admit::<C>(context, operation, &request, &mut answer).await {
        Ok(call) => {
            let account = call.account();
            let result = handle(context, part, call).await;
            if let (Err(Error::Refused(refusal)), Some(directory)) = (&result, &answer.serving) {
                context.refusals().report(&directory.directory, account, refusal);
            }
            result
        }
        Err(error) => Err(error),
    };
    answer.finish(context, result).await
}

async fn admit<C: Call>(
    context: &Context,
    operation: Operation,
    request: &Request,
    answer: &mut PendingResponse,
) -> Result<C, Error> {
    let directory = Route::directory(context, request.uri()).ok_or(Error::NoSuchResource)?;
    // A refusal carries the headers of its directory too, even when the path has an invalid id,
    // which a gateway's routes let through.
    let serving = context.directories().directory(&directory).await?;
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
