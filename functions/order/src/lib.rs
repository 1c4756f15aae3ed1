//! `POST /order/{orderId}` (RFC 8555 §7.1.3).

use acme::{OrderStatus, Resource};
use api::{AccountCall, Context, Empty, Error, Operation, Reply, Request, Response};
use http::StatusCode;
use ra::Needs;

/// What it uses beside the store.
pub const NEEDS: Needs = Needs { issuance_queue: true, ..Needs::STORE };

/// Serves a request.
pub async fn serve(context: &Context, request: Request) -> Response {
    api::serve(context, Operation::Order, request, handle).await
}

async fn handle(context: &Context, call: AccountCall<Empty>) -> Result<Reply, Error> {
    let Resource::Order(id) = call.resource else { return Err(Error::NoSuchResource) };
    let authority = context.authority();
    let view = authority.order(&call.account, id).await?;
    let object = view.order.object(context.urls(), &view.authorizations, authority.now());
    let reply = Reply::json(StatusCode::OK, &object);
    Ok(match object.status {
        OrderStatus::Pending | OrderStatus::Processing => reply.with_retry_after(call.serving.acme.retry_interval),
        OrderStatus::Ready | OrderStatus::Valid | OrderStatus::Invalid => reply,
    })
}
