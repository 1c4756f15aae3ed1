//! Requests that no other function handles: 404, 405 and CORS preflights, as problem documents.

#[cfg(feature = "lambda")]
pub mod lambda;

use api::{Context, Request, Response};

/// Serves a request.
pub async fn serve(context: &Context, request: Request) -> Response {
    api::fallback(context, request).await
}
