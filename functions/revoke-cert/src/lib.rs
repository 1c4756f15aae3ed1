//! `POST /revoke-cert`, signed by an account or by the certificate's key (RFC 8555 §7.6).

#[cfg(feature = "lambda")]
pub mod lambda;

use acme::{RevocationReason, RevocationRequest};
use api::{Context, Error, Json, Operation, Reply, Request, Response, RevocationCall};
use http::StatusCode;
use jose::base64url;
use ra::Revocations;

/// Serves a request.
pub async fn serve(context: &Context, revocations: &Revocations, request: Request) -> Response {
    api::serve(context, revocations, Operation::RevokeCert, request, handle).await
}

async fn handle(
    _: &Context,
    revocations: &Revocations,
    call: RevocationCall<Json<RevocationRequest>>,
) -> Result<Reply, Error> {
    let RevocationCall { serving, signer, payload: Json(request) } = call;
    let reason =
        RevocationReason::try_from(request.reason.unwrap_or_default()).map_err(|_| ra::Refusal::BadRevocationReason)?;
    let der = base64url::decode(&request.certificate).map_err(|_| ra::Refusal::NotACertificate)?;
    revocations.revoke(&serving, signer.revoker(), &der, reason).await?;
    Ok(Reply::empty(StatusCode::OK))
}
