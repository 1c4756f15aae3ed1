//! `POST /key-change` (RFC 8555 §7.3.5): the account signs a JWS that the new key has signed.

#[cfg(feature = "lambda")]
pub mod lambda;

use api::{AccountCall, Context, Error, InnerJws, Operation, Reply, Request, Response};
use http::StatusCode;
use ra::KeyChanges;

/// Serves a request.
pub async fn serve(context: &Context, changes: &KeyChanges, request: Request) -> Response {
    api::serve(context, changes, Operation::KeyChange, request, handle).await
}

async fn handle(context: &Context, changes: &KeyChanges, call: AccountCall<InnerJws>) -> Result<Reply, Error> {
    let rollover = call.verify_inner(context)?;
    let account = changes.change(&call.serving, &call.account, rollover).await?;
    let urls = context.urls();
    Ok(Reply::json(StatusCode::OK, &account.object(urls)).with_location(&urls.account(&account.directory, account.id)))
}
