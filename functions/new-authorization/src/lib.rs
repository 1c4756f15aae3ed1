//! `POST /new-authz`: pre-authorizes an identifier before an order (RFC 8555 §7.4.1).

#[cfg(feature = "lambda")]
pub mod lambda;

use acme::{AuthorizationStatus, NewAuthorization};
use api::{AccountCall, Context, Error, Json, Operation, Reply, Request, Response};
use http::StatusCode;
use ra::{AuthorizationCreation, NewAuthorizations};

/// Serves a request.
pub async fn serve(context: &Context, authorizations: &NewAuthorizations, request: Request) -> Response {
    api::serve(context, authorizations, Operation::NewAuthorization, request, handle).await
}

async fn handle(
    context: &Context,
    authorizations: &NewAuthorizations,
    call: AccountCall<Json<NewAuthorization>>,
) -> Result<Reply, Error> {
    let AccountCall { serving, account, payload: Json(request), .. } = call;
    let created = authorizations.create(&serving, &account, request.identifier).await?;
    let (status, authorization) = match created {
        AuthorizationCreation::Created(authorization) => (StatusCode::CREATED, authorization),
        AuthorizationCreation::Reused(authorization) => (StatusCode::OK, authorization),
    };
    let url = context.urls().authorization(&serving.directory, authorization.id);
    let object = authorization.object(context.urls(), context.now());
    let reply = Reply::json(status, &object).with_location(&url);
    Ok(match object.status {
        AuthorizationStatus::Pending => reply.with_retry_after(serving.acme.retry_interval),
        _ => reply,
    })
}
