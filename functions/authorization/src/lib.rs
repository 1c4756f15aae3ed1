//! `POST /authz/{authorizationId}`: read, deactivate (RFC 8555 §7.5, §7.5.2).

#[cfg(feature = "lambda")]
pub mod lambda;

use acme::{AuthorizationStatus, AuthorizationUpdate, Resource};
use api::{AccountCall, Context, Error, Operation, Optional, Reply, Request, Response};
use http::StatusCode;
use ra::Authorizations;

/// Serves a request.
pub async fn serve(context: &Context, authorizations: &Authorizations, request: Request) -> Response {
    api::serve(context, authorizations, Operation::Authorization, request, handle).await
}

async fn handle(
    context: &Context,
    authorizations: &Authorizations,
    call: AccountCall<Optional<AuthorizationUpdate>>,
) -> Result<Reply, Error> {
    let AccountCall { serving, resource, account, payload: Optional(update), .. } = call;
    let Resource::Authorization(id) = resource else { return Err(Error::NoSuchResource) };
    let authorization = match update.and_then(|update| update.status) {
        None => authorizations.authorization(&account, id).await?,
        Some(status) => authorizations.deactivate(&account, id, &status).await?,
    };
    let object = authorization.object(context.urls(), context.now());
    let reply = Reply::json(StatusCode::OK, &object);
    Ok(match object.status {
        AuthorizationStatus::Pending => reply.with_retry_after(serving.acme.retry_interval),
        _ => reply,
    })
}
