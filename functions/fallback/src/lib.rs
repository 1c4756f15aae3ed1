//! Requests that no other function handles: 404, 405 and CORS preflights, as problem documents.

use api::{Context, Request, Response};
use ra::Needs;

/// What it uses beside the store.
pub const NEEDS: Needs = Needs::STORE;

/// Serves a request.
pub async fn serve(context: &Context, request: Request) -> Response {
    api::fallback(context, request).await
}
