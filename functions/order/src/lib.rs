//! `POST /order/{orderId}` (RFC 8555 §7.1.3).

#[cfg(feature = "lambda")]
pub mod lambda;

use acme::{OrderStatus, Resource};
use api::{AccountCall, Context, Empty, Error, Operation, Reply, Request, Response};
use http::StatusCode;
use ra::Orders;

/// Serves a request.
pub async fn serve(context: &Context, orders: &Orders, request: Request) -> Response {
    api::serve(context, orders, Operation::Order, request, handle).await
}

async fn handle(context: &Context, orders: &Orders, call: AccountCall<Empty>) -> Result<Reply, Error> {
    let Resource::Order(id) = call.resource else { return Err(Error::NoSuchResource) };
    let view = orders.order(&call.account, id).await?;
    let object = view.order.object(context.urls(), &view.authorizations, context.now());
    let reply = Reply::json(StatusCode::OK, &object);
    Ok(match object.status {
        OrderStatus::Pending | OrderStatus::Processing => reply.with_retry_after(call.serving.acme.retry_interval),
        OrderStatus::Ready | OrderStatus::Valid | OrderStatus::Invalid => reply,
    })
}
