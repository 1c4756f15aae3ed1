//! `GET /directory` (RFC 8555 §7.1.1).

#[cfg(feature = "lambda")]
pub mod lambda;

use api::{Context, Error, Operation, PublicCall, Reply, Request, Response};
use http::StatusCode;

/// Serves a request.
pub async fn serve(context: &Context, request: Request) -> Response {
    api::serve(context, &(), Operation::Directory, request, handle).await
}

async fn handle(context: &Context, _: &(), call: PublicCall) -> Result<Reply, Error> {
    Ok(Reply::json(StatusCode::OK, &call.serving.object(context.urls())))
}
