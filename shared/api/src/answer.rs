//! The ending that all answers share: logged, made a problem if need be, given the common headers.

use std::sync::Arc;

use acme::Resource;
use http::{HeaderName, Method};
use ra::Directory;

use crate::{Context, Error, Operation, Reply, Request, Response, log::RequestLog, problem};

/// An answer to be: what is known of the request so far.
pub(crate) struct Answer {
    log: RequestLog,
    method: Method,
    operation: Option<Operation>,
    /// The directory, once it is found.
    pub(crate) serving: Option<Arc<Directory>>,
}

impl Answer {
    /// To this request, for this operation if it is one.
    pub(crate) fn to(request: &Request, operation: Option<Operation>) -> Self {
        Self { log: RequestLog::begin(request), method: request.method().clone(), operation, serving: None }
    }

    /// The response to what came of the request.
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

    /// The link to the directory on every answer but the directory itself, and a fresh nonce on the
    /// answer to every POST (RFC 8555 §6.5, §7.1): on success and on problems alike.
    async fn with_common_headers(&self, context: &Context, reply: Reply) -> Reply {
        let Some(serving) = &self.serving else { return reply };
        let mut reply = reply;
        if self.operation != Some(Operation::Directory) {
            reply = reply.with_link(&context.urls().of(&serving.directory, &Resource::Directory), "index");
        }
        if self.operation == Some(Operation::NewNonce) || self.method == Method::POST {
            match context.nonces().issue(context.authority(), &serving.directory).await {
                Ok(nonce) => reply = reply.with(REPLAY_NONCE, &nonce),
                // The answer itself is good; the client fetches its next nonce where nonces are.
                Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "no nonce could be made"),
            }
        }
        reply
    }
}

const REPLAY_NONCE: HeaderName = HeaderName::from_static("replay-nonce");
