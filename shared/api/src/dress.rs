//! The headers that go on success and on problems alike (RFC 8555 §6.5, §7.1).

use std::sync::Arc;

use acme::Resource;
use http::{HeaderName, Method};
use ra::Serving;

use crate::{Context, Operation, Reply, Request};

/// Who is answered, as far as it is known.
pub(crate) struct Dress {
    method: Method,
    operation: Option<Operation>,
    /// The directory, once it is found.
    pub(crate) serving: Option<Arc<Serving>>,
}

impl Dress {
    pub(crate) fn new(request: &Request, operation: Option<Operation>) -> Self {
        Self { method: request.method().clone(), operation, serving: None }
    }

    /// Puts the link to the directory on every answer but the directory itself, and a fresh nonce on
    /// the answer to every POST.
    pub(crate) async fn put_on(&self, context: &Context, reply: Reply) -> Reply {
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
