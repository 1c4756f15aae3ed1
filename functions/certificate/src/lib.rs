//! `POST /cert/{certificateId}`: the chain, leaf first (RFC 8555 §7.4.2).

use acme::Resource;
use api::{AccountCall, Context, Empty, Error, Operation, Reply, Request, Response};
use http::StatusCode;
use ra::Needs;

/// What it uses beside the store.
pub const NEEDS: Needs = Needs::STORE;

/// Serves a request.
pub async fn serve(context: &Context, request: Request) -> Response {
    api::serve(context, Operation::Certificate, request, handle).await
}

async fn handle(context: &Context, call: AccountCall<Empty>) -> Result<Reply, Error> {
    let Resource::Certificate(order) = call.resource else { return Err(Error::NoSuchResource) };
    let chain = context.authority().certificate_chain(call.account.id, order).await?;
    Ok(Reply::bytes(StatusCode::OK, "application/pem-certificate-chain", chain.pem()))
}
