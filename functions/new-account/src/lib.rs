//! `POST /new-account` (RFC 8555 §7.3).

use acme::NewAccount;
use api::{Context, Error, Json, KeyCall, Operation, Reply, Request, Response};
use http::StatusCode;
use ra::{AccountCreation, Needs};

/// What it uses beside the store.
pub const NEEDS: Needs = Needs::STORE;

/// Serves a request.
pub async fn serve(context: &Context, request: Request) -> Response {
    api::serve(context, Operation::NewAccount, request, handle).await
}

async fn handle(context: &Context, call: KeyCall<Json<NewAccount>>) -> Result<Reply, Error> {
    let KeyCall { serving, key, payload: Json(request), url } = call;
    let (status, account) = match context.authority().create_account(&serving, key, &request, &url).await? {
        AccountCreation::Created(account) => (StatusCode::CREATED, account),
        AccountCreation::Existing(account) => (StatusCode::OK, account),
    };
    let urls = context.urls();
    Ok(Reply::json(status, &account.object(urls)).with_location(&urls.account(&account.directory, account.id)))
}
