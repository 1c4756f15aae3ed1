//! `POST /chall/{challengeId}`: read a challenge, or respond to it (RFC 8555 §7.5.1).

#[cfg(feature = "lambda")]
pub mod lambda;

use acme::{ChallengeStatus, Resource};
use api::{AccountCall, Context, Error, Operation, Optional, Reply, Request, Response};
use http::StatusCode;
use ra::Challenges;
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
        Some(_) => challenges.initiate(&serving, &account, id, r#type).await?,
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
