//! `POST /acct/{accountId}`: read, update, deactivate (RFC 8555 §7.3.2, §7.3.6).

#[cfg(feature = "lambda")]
pub mod lambda;

use acme::{AccountUpdate, Resource};
use api::{AccountCall, Context, Error, Operation, Optional, Reply, Request, Response};
use http::StatusCode;
use ra::AccountChanges;

/// Serves a request.
pub async fn serve(context: &Context, changes: &AccountChanges, request: Request) -> Response {
    api::serve(context, changes, Operation::Account, request, handle).await
}

async fn handle(
    context: &Context,
    changes: &AccountChanges,
    call: AccountCall<Optional<AccountUpdate>>,
) -> Result<Reply, Error> {
    let AccountCall { serving, resource, account, payload: Optional(update), .. } = call;
    if resource != Resource::Account(account.id) {
        return Err(ra::Refusal::NotFound.into());
    }
    let account = match update {
        None => account.value,
        Some(update) => changes.update(&serving, account, &update).await?,
    };
    Ok(Reply::json(StatusCode::OK, &account.object(context.urls())))
}
