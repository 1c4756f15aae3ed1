//! `POST /authz/{authorizationId}`: read, deactivate (RFC 8555 §7.5, §7.5.2).

use acme::{AuthorizationStatus, AuthorizationUpdate, Resource};
use api::{AccountCall, Context, Error, Operation, Optional, Reply, Request, Response};
use http::StatusCode;
use ra::Needs;

/// What it uses beside the store.
pub const NEEDS: Needs = Needs { validation_queue: true, ..Needs::STORE };

/// Serves a request.
pub async fn serve(context: &Context, request: Request) -> Response {
    api::serve(context, Operation::Authorization, request, handle).await
}

async fn handle(context: &Context, call: AccountCall<Optional<AuthorizationUpdate>>) -> Result<Reply, Error> {
    let AccountCall { serving, resource, account, payload: Optional(update), .. } = call;
    let Resource::Authorization(id) = resource else { return Err(Error::NoSuchResource) };
    let authority = context.authority();
    let authorization = match update.and_then(|update| update.status) {
        None => authority.authorization(&account, id).await?,
        Some(status) => authority.deactivate_authorization(&account, id, &status).await?,
    };
    let object = authorization.object(context.urls(), authority.now());
    let reply = Reply::json(StatusCode::OK, &object);
    Ok(match object.status {
        AuthorizationStatus::Pending => reply.with_retry_after(serving.acme.retry_interval),
        _ => reply,
    })
}
