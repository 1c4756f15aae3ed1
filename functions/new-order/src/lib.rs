//! `POST /new-order` (RFC 8555 §7.4, RFC 9773 §5).

use acme::{NewOrder, OrderStatus};
use api::{AccountCall, Context, Error, Json, Operation, Reply, Request, Response};
use http::StatusCode;
use ra::Needs;

/// What it uses beside the store.
pub const NEEDS: Needs = Needs::STORE;

/// Serves a request.
pub async fn serve(context: &Context, request: Request) -> Response {
    api::serve(context, Operation::NewOrder, request, handle).await
}

async fn handle(context: &Context, call: AccountCall<Json<NewOrder>>) -> Result<Reply, Error> {
    let AccountCall { serving, account, payload: Json(request), .. } = call;
    let authority = context.authority();
    let view = authority.create_order(&serving, &account, request).await?;
    let object = view.order.object(context.urls(), &view.authorizations, authority.now());
    let url = context.urls().order(&serving.directory, view.order.id);
    let reply = Reply::json(StatusCode::CREATED, &object).with_location(&url);
    Ok(match object.status {
        OrderStatus::Pending => reply.with_retry_after(serving.acme.retry_interval),
        _ => reply,
    })
}
