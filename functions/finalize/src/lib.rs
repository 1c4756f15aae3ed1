//! `POST /order/{orderId}/finalize` (RFC 8555 §7.4).

#[cfg(feature = "lambda")]
pub mod lambda;

use acme::{Finalization, OrderStatus, Resource};
use api::{AccountCall, Context, Error, Json, Operation, Reply, Request, Response};
use http::StatusCode;
use jose::base64url;

/// Serves a request.
pub async fn serve(context: &Context, finalization: &ra::Finalization, request: Request) -> Response {
    api::serve(context, finalization, Operation::Finalize, request, handle).await
}

async fn handle(
    context: &Context,
    finalization: &ra::Finalization,
    call: AccountCall<Json<Finalization>>,
) -> Result<Reply, Error> {
    let AccountCall { serving, resource, account, payload: Json(request), .. } = call;
    let Resource::Finalize(id) = resource else { return Err(Error::NoSuchResource) };
    let csr = base64url::decode(&request.csr)
        .map_err(|_| Error::Member("\"csr\" is not base64url without padding. Send the DER form, not PEM."))?;
    let view = finalization.finalize(&serving, &account, id, &csr).await?;
    let object = view.order.object(context.urls(), &view.authorizations, context.now());
    // Some clients read the URL of the order from here rather than storing it.
    let reply = Reply::json(StatusCode::OK, &object).with_location(&context.urls().order(&serving.directory, id));
    Ok(match object.status {
        OrderStatus::Processing => reply.with_retry_after(serving.acme.retry_interval),
        _ => reply,
    })
}
