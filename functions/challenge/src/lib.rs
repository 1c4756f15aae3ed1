//! `POST /chall/{challengeId}`: read a challenge, or respond to it (RFC 8555 §7.5.1).

#[cfg(feature = "lambda")]
pub mod lambda;

use acme::{AccountId, ChallengeStatus, Resource, UrlBase, UrlScheme, Urls};
use api::{AccountCall, Context, Error, Operation, Optional, Reply, Request, Response};
use http::StatusCode;
use ra::{Challenges, Directory};
use serde_json::{Map, Value};

/// Serves a request.
pub async fn serve(context: &Context, challenges: &Challenges, request: Request) -> Response {
    api::serve(context, challenges, Operation::Challenge, request, handle).await
}

/// Any JSON object is accepted as the response: older clients send members that later drafts
/// removed.
async fn handle(
    context: &Context,
    challenges: &Challenges,
    call: AccountCall<Optional<Map<String, Value>>>,
) -> Result<Reply, Error> {
    let AccountCall { serving, resource, account, payload: Optional(ready), .. } = call;
    let Resource::Challenge(id, r#type) = resource else { return Err(Error::NoSuchResource) };
    let authorization = match ready {
        None => challenges.authorization(&account, id, r#type).await?,
        Some(_) => {
            let account_urls = account_urls(context, &serving, account.id);
            challenges.initiate(&serving, &account, id, r#type, &account_urls).await?
        }
    };
    let challenge = authorization.challenge(r#type).ok_or(ra::Refusal::NotFound)?;
    let (urls, directory) = (context.urls(), &serving.directory);
    let object = challenge.object(urls.challenge(directory, id, r#type), context.now());
    let reply = Reply::json(StatusCode::OK, &object).with_link(&urls.authorization(directory, id), "up");
    Ok(match object.status {
        ChallengeStatus::Pending | ChallengeStatus::Processing => reply.with_retry_after(serving.acme.retry_interval),
        ChallengeStatus::Valid | ChallengeStatus::Invalid => reply,
    })
}

/// The URLs under which clients know the account, where CAA records are compared with them (RFC
/// 8657 §3).
fn account_urls(context: &Context, serving: &Directory, account: AccountId) -> Vec<String> {
    if !serving.acme.enforces_caa() {
        return Vec::new();
    }
    let former = serving.acme.former_base_urls.iter().filter_map(|base| UrlBase::parse(base, UrlScheme::Https).ok());
    let former = former.map(|base| Urls::new(base.as_str()));
    let present = context.urls().account(&serving.directory, account);
    std::iter::once(present).chain(former.map(|urls| urls.account(&serving.directory, account))).collect()
}
