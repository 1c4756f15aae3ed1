//! The way of one request.

use http::Method;
use ra::Access;

use crate::{
    Context, Error, Operation, Reply, Request, Response, Route, call::Call, dress::Dress, log::RequestLog, problem,
};

/// Takes a request for `operation` the whole way: checks it as `C` demands, calls `handle`, and
/// dresses the answer.
pub async fn serve<C: Call>(
    context: &Context,
    operation: Operation,
    request: Request,
    handle: impl AsyncFnOnce(&Context, C) -> Result<Reply, Error>,
) -> Response {
    let log = RequestLog::begin(&request);
    let mut dress = Dress::new(&request, Some(operation));
    let result = match admit(context, operation, &request, &mut dress).await {
        Ok(call) => handle(context, call).await,
        Err(error) => Err(error),
    };
    let reply = match result {
        Ok(reply) => {
            log.succeeded(reply.status());
            reply
        }
        Err(error) => {
            let reply = problem::reply(context, dress.serving.as_deref(), &error);
            log.refused(reply.status(), &error);
            reply
        }
    };
    dress.put_on(context, reply).await.seal(*request.method() != Method::HEAD)
}

async fn admit<C: Call>(
    context: &Context,
    operation: Operation,
    request: &Request,
    dress: &mut Dress,
) -> Result<C, Error> {
    let route = Route::parse(context, request.uri())
        .filter(|route| route.operation() == operation)
        .ok_or(Error::NoSuchResource)?;
    let access = if operation.is_aftercare() { Access::Aftercare } else { Access::Service };
    // Found even when it is off: also the refusal carries nonce and links.
    let serving = context.authority().serving(&route.directory, Access::Aftercare).await?;
    dress.serving = Some(serving.clone());
    if !operation.takes(request.method()) {
        return Err(Error::Method { allow: operation.allow() });
    }
    context.authority().serving(&route.directory, access).await?;
    C::admit(context, serving, route, request).await
}
