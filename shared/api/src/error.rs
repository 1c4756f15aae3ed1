//! Why a request gets a problem for an answer.

use jose::JwsError;

use crate::{NonceError, PayloadError};

/// Why a request gets a problem for an answer. `problem.rs` says how the client is told.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The path names nothing.
    #[error("the path names nothing")]
    NoSuchResource,
    /// The resource does not take the method.
    #[error("the method is not allowed")]
    Method {
        /// The `Allow` header.
        allow: &'static str,
    },
    /// A POST that is not `application/jose+json` (RFC 8555 §6.2).
    #[error("the media type is not application/jose+json")]
    MediaType,
    /// The body is too large.
    #[error("the body is larger than 64 KiB")]
    TooLarge,
    /// The JWS is refused.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// The JWS is made for another URL.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// The nonce is refused.
    #[error(transparent)]
    Nonce(#[from] NonceError),
    /// The operation takes the other kind of key reference (RFC 8555 §6.2).
    #[error("the request must be signed with {0}")]
    KeyReference(&'static str),
    /// The payload is refused.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// A member of the payload has not the form that it should have.
    #[error("{0}")]
    Member(&'static str),
    /// What the authority says.
    #[error(transparent)]
    Authority(#[from] ra::Error),
}

/// The JWS is made for another URL than the request's (RFC 8555 §6.4).
#[derive(Debug, thiserror::Error)]
#[error("signed for {signed}, received at {received}")]
pub struct UrlError {
    /// The `url` of the protected header.
    pub signed: String,
    /// The URL of the request, by configuration.
    pub received: String,
}
