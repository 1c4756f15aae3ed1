//! `POST /new-account` (RFC 8555 §7.3).

#[cfg(feature = "lambda")]
pub mod lambda;

use acme::NewAccount;
use api::{Context, Error, Json, KeyCall, Operation, Reply, Request, Response};
use http::StatusCode;
use ra::{AccountCreation, Registrations};

/// Serves a request.
pub async fn serve(context: &Context, registrations: &Registrations, request: Request) -> Response {
    api::serve(context, registrations, Operation::NewAccount, request, handle).await
}

async fn handle(
    context: &Context,
    registrations: &Registrations,
    call: KeyCall<Json<NewAccount>>,
) -> Result<Reply, Error> {
    let KeyCall { serving, key, payload: Json(request), url } = call;
    let (status, account) = match registrations.create(&serving, key, &request, &url).await? {
        AccountCreation::Created(account) => (StatusCode::CREATED, account),
        AccountCreation::Existing(account) => (StatusCode::OK, account),
    };
    let urls = context.urls();
    Ok(Reply::json(status, &account.object(urls)).with_location(&urls.account(&account.directory, account.id)))
}
