//! `GET /renewal-info/{certId}` (RFC 9773).

use acme::Resource;
use api::{Context, Error, Operation, PublicCall, Reply, Request, Response};
use http::StatusCode;
use ra::Needs;

/// What it uses beside the store.
pub const NEEDS: Needs = Needs::STORE;

/// Serves a request.
pub async fn serve(context: &Context, request: Request) -> Response {
    api::serve(context, Operation::RenewalInfo, request, handle).await
}

async fn handle(context: &Context, call: PublicCall) -> Result<Reply, Error> {
    let Resource::RenewalInfo(certificate) = call.resource else { return Err(Error::NoSuchResource) };
    let info = context.authority().renewal_info(&certificate).await?;
    Ok(Reply::json(StatusCode::OK, &info).with_retry_after(SIX_HOURS))
}

/// How often clients should poll (RFC 9773 §4.3), in seconds.
const SIX_HOURS: u32 = 6 * 60 * 60;
