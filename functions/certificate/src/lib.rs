//! `POST /cert/{certificateId}`: the chain, leaf first (RFC 8555 §7.4.2).

#[cfg(feature = "lambda")]
pub mod lambda;

use acme::Resource;
use api::{AccountCall, Context, Empty, Error, Operation, Reply, Request, Response};
use http::StatusCode;
use ra::Downloads;

/// Serves a request.
pub async fn serve(context: &Context, downloads: &Downloads, request: Request) -> Response {
    api::serve(context, downloads, Operation::Certificate, request, handle).await
}

async fn handle(_: &Context, downloads: &Downloads, call: AccountCall<Empty>) -> Result<Reply, Error> {
    let Resource::Certificate(order) = call.resource else { return Err(Error::NoSuchResource) };
    let chain = downloads.chain(call.account.id, order).await?;
    Ok(Reply::bytes(StatusCode::OK, "application/pem-certificate-chain", chain.pem()))
}
