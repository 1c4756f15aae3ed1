//! The last step that all answers share: the result is logged, an error becomes a problem document,
//! and the common headers are added.

use std::sync::Arc;

use acme::Resource;
use http::{HeaderName, Method};
use ra::Directory;

use crate::{Context, Error, Operation, Reply, Request, Response, cors::BrowserRequest, log::RequestLog, problem};

/// An answer in preparation: what is known about the request so far.
pub(crate) struct PendingResponse {
    log: RequestLog,
    method: Method,
    operation: Option<Operation>,
    browser: Option<BrowserRequest>,
    /// The directory of the request, once it has been loaded.
    pub(crate) serving: Option<Arc<Directory>>,
}

impl PendingResponse {
    /// Starts the answer to this request; `operation` is `None` for a request that no operation
    /// takes.
    pub(crate) fn to(request: &Request, operation: Option<Operation>) -> Self {
        Self {
            log: RequestLog::begin(request),
            method: request.method().clone(),
            operation,
            browser: BrowserRequest::of(request),
            serving: None,
        }
    }

    /// Turns the result of the handler into the response.
    pub(crate) async fn finish(self, context: &Context, result: Result<Reply, Error>) -> Response {
        let reply = match result {
            Ok(reply) => {
                self.log.succeeded(reply.status());
                reply
            }
            Err(error) => {
                let reply = problem::reply(context, self.serving.as_deref(), &error);
                self.log.refused(reply.status(), &error);
                reply
            }
        };
        self.with_common_headers(context, reply).await.seal(self.method != Method::HEAD)
    }

    /// Adds a link to the directory to every answer but the directory itself, and a fresh nonce to
    /// the answer to every POST (RFC 8555 §6.5, §7.1), whether it is a success or a problem.
    async fn with_common_headers(&self, context: &Context, reply: Reply) -> Reply {
        let Some(serving) = &self.serving else { return reply };
        let mut reply = match &self.browser {
            Some(browser) => browser.admit(&serving.acme, self.operation, reply),
            None => reply,
        };
        if self.operation != Some(Operation::Directory) {
            reply = reply.with_link(&context.urls().of(&serving.directory, &Resource::Directory), "index");
        }
        if self.operation == Some(Operation::NewNonce) || self.method == Method::POST {
            match context.nonces().issue(&serving.directory).await {
                Ok(nonce) => reply = reply.with(REPLAY_NONCE, &nonce),
                // The answer itself is good; the client can fetch its next nonce from newNonce.
                Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "no nonce could be created"),
            }
        }
        reply
    }
}

const REPLAY_NONCE: HeaderName = HeaderName::from_static("replay-nonce");
