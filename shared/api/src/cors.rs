//! What browsers need to let the page of another origin read an answer (CORS, the Fetch standard).
//!
//! Only a request with `Origin` is answered with these headers, and only when the profile of the
//! directory lets pages of that origin in. Everybody else gets none of them: there are scripts that
//! take `Access-Control-Expose-Headers: … Location …` for the `Location`.

use http::{HeaderValue, Method, header};
use store::AcmeProfile;

use crate::{Operation, Reply, Request};

/// The request as a browser sees it.
pub(crate) struct BrowserRequest {
    origin: HeaderValue,
    is_preflight: bool,
}

impl BrowserRequest {
    /// `None` for a request that no page of another origin made.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        let origin = request.headers().get(header::ORIGIN)?.clone();
        Some(Self { origin, is_preflight: *request.method() == Method::OPTIONS })
    }

    /// Adds what lets the page read the answer, if the profile lets it.
    pub(crate) fn admit(&self, profile: &AcmeProfile, operation: Option<Operation>, reply: Reply) -> Reply {
        let Some(origin) = self.origin.to_str().ok().filter(|origin| profile.allows_origin(origin)) else {
            return reply;
        };
        // No answer depends on cookies, so it makes no difference which origin is named.
        let reply = reply.with(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin).with(header::VARY, "Origin");
        match operation.filter(|_| self.is_preflight) {
            Some(operation) => reply
                .with(header::ACCESS_CONTROL_ALLOW_METHODS, operation.allow())
                .with(header::ACCESS_CONTROL_ALLOW_HEADERS, "Content-Type")
                .with(header::ACCESS_CONTROL_MAX_AGE, "86400"),
            None => reply.with(header::ACCESS_CONTROL_EXPOSE_HEADERS, "Link, Location, Replay-Nonce, Retry-After"),
        }
    }
}
