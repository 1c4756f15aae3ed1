//! `POST /new-authz`: pre-authorizes an identifier before an order (RFC 8555 §7.4.1).

use acme::{AuthorizationStatus, NewAuthorization};
use api::{AccountCall, Context, Error, Json, Operation, Reply, Request, Response};
use http::StatusCode;
use ra::{AuthorizationCreation, Needs};

/// What it uses beside the store.
pub const NEEDS: Needs = Needs::STORE;

/// Serves a request.
pub async fn serve(context: &Context, request: Request) -> Response {
    api::serve(context, Operation::NewAuthorization, request, handle).await
}

async fn handle(context: &Context, call: AccountCall<Json<NewAuthorization>>) -> Result<Reply, Error> {
    let AccountCall { serving, account, payload: Json(request), .. } = call;
    let authority = context.authority();
    let created = authority.create_authorization(&serving, &account, request.identifier).await?;
    let (status, authorization) = match created {
        AuthorizationCreation::Created(authorization) => (StatusCode::CREATED, authorization),
        AuthorizationCreation::Reused(authorization) => (StatusCode::OK, authorization),
    };
    let url = context.urls().authorization(&serving.directory, authorization.id);
    let object = authorization.object(context.urls(), authority.now());
    let reply = Reply::json(status, &object).with_location(&url);
    Ok(match object.status {
        AuthorizationStatus::Pending => reply.with_retry_after(serving.acme.retry_interval),
        _ => reply,
    })
}
