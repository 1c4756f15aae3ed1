//! `POST /key-change` (RFC 8555 §7.3.5): the account signs a JWS that the new key has signed.

#[cfg(feature = "lambda")]
pub mod lambda;

use acme::KeyChange;
use api::{AccountCall, Context, Error, Operation, PayloadError, Reply, Request, Response, UrlError};
use http::StatusCode;
use jose::{JwsError, KeyReference, MalformedJws, PublicKey, UnverifiedJws};
use ra::{KeyChanges, KeyRollover};

/// Serves a request.
pub async fn serve(context: &Context, changes: &KeyChanges, request: Request) -> Response {
    api::serve(context, changes, Operation::KeyChange, request, handle).await
}

async fn handle(context: &Context, changes: &KeyChanges, call: AccountCall<Vec<u8>>) -> Result<Reply, Error> {
    let rollover = verify_inner(context, &call)?;
    let account = changes.change(&call.serving, &call.account, rollover).await?;
    let urls = context.urls();
    Ok(Reply::json(StatusCode::OK, &account.object(urls)).with_location(&urls.account(&account.directory, account.id)))
}

/// The checks of the inner JWS: signed by its own `jwk`, for the same URL, without a nonce.
fn verify_inner(context: &Context, call: &AccountCall<Vec<u8>>) -> Result<KeyRollover, Error> {
    let inner = UnverifiedJws::parse(&call.payload)?;
    let KeyReference::Jwk(new_key) = inner.key().clone() else {
        return Err(Error::KeyReference("a \"jwk\", the new key, in the inner JWS"));
    };
    if inner.nonce().is_some() {
        return Err(JwsError::from(MalformedJws::ForbiddenParameter("nonce")).into());
    }
    if inner.url() != call.url {
        return Err(UrlError { signed: inner.url().to_owned(), received: call.url.clone() }.into());
    }
    let verified = inner.verify(&new_key)?;
    let change: KeyChange = serde_json::from_slice(verified.payload()).map_err(PayloadError::Members)?;
    let old_key = PublicKey::from_jwk(&change.old_key).map_err(JwsError::from)?;
    let account = context.urls().account_in_kid(&call.serving.directory, &change.account);
    Ok(KeyRollover { account, old_key, new_key })
}
