//! `HEAD` and `GET /new-nonce` (RFC 8555 §7.2). The nonce itself is added by [`api::serve`].

#[cfg(feature = "lambda")]
pub mod lambda;

use api::{Context, Error, Operation, PublicCall, Reply, Request, Response};
use http::{Method, StatusCode};

/// Serves a request.
pub async fn serve(context: &Context, request: Request) -> Response {
    let status = if *request.method() == Method::HEAD { StatusCode::OK } else { StatusCode::NO_CONTENT };
    let handle = async |_: &Context, _: &(), _: PublicCall| -> Result<Reply, Error> { Ok(Reply::empty(status)) };
    api::serve(context, &(), Operation::NewNonce, request, handle).await
}
