//! `POST /new-order` (RFC 8555 §7.4, RFC 9773 §5).

#[cfg(feature = "lambda")]
pub mod lambda;

use acme::{NewOrder, OrderStatus};
use api::{AccountCall, Context, Error, Json, Operation, Reply, Request, Response};
use http::StatusCode;
use ra::NewOrders;

/// Serves a request.
pub async fn serve(context: &Context, orders: &NewOrders, request: Request) -> Response {
    api::serve(context, orders, Operation::NewOrder, request, handle).await
}

async fn handle(context: &Context, orders: &NewOrders, call: AccountCall<Json<NewOrder>>) -> Result<Reply, Error> {
    let AccountCall { serving, account, payload: Json(request), .. } = call;
    let view = orders.create(&serving, &account, request).await?;
    let object = view.order.object(context.urls(), &view.authorizations, context.now());
    let url = context.urls().order(&serving.directory, view.order.id);
    let reply = Reply::json(StatusCode::CREATED, &object).with_location(&url);
    Ok(match object.status {
        OrderStatus::Pending => reply.with_retry_after(serving.acme.retry_interval),
        _ => reply,
    })
}
