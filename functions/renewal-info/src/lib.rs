//! `GET /renewal-info/{certId}` (RFC 9773).

#[cfg(feature = "lambda")]
pub mod lambda;

use acme::Resource;
use api::{Context, Error, Operation, PublicCall, Reply, Request, Response};
use http::StatusCode;
use ra::RenewalInfos;

/// Serves a request.
pub async fn serve(context: &Context, infos: &RenewalInfos, request: Request) -> Response {
    api::serve(context, infos, Operation::RenewalInfo, request, handle).await
}

async fn handle(context: &Context, infos: &RenewalInfos, call: PublicCall) -> Result<Reply, Error> {
    let Resource::RenewalInfo(certificate) = call.resource else { return Err(Error::NoSuchResource) };
    let info = infos.of(&certificate).await?;
    let retry_after = info.suggested_window.poll_after(context.now(), SIX_HOURS);
    Ok(Reply::json(StatusCode::OK, &info).with_retry_after(retry_after))
}

/// How often clients should poll (RFC 9773 §4.3), in seconds, when nothing comes sooner.
const SIX_HOURS: u32 = 6 * 60 * 60;
