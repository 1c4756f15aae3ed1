//! Why a request is answered with a problem document.

use authority::Failure;
use jose::JwsError;

use crate::{NonceError, PayloadError};

/// Why a request is answered with a problem document. `problem.rs` decides what the client sees.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No resource has this path.
    #[error("there is no resource at this path")]
    NoSuchResource,
    /// The resource does not allow the request's method.
    #[error("the method is not allowed")]
    Method {
        /// The value of the `Allow` header.
        allow: &'static str,
    },
    /// A POST whose media type is not `application/jose+json` (RFC 8555 §6.2).
    #[error("the media type is not application/jose+json")]
    MediaType,
    /// The body is larger than [`MAX_BODY_LEN`](crate::MAX_BODY_LEN).
    #[error("the body is larger than 64 KiB")]
    TooLarge,
    /// The JWS is malformed or its signature is not valid.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// The JWS was signed for another URL.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// The nonce is not good, or there is none.
    #[error(transparent)]
    Nonce(#[from] NonceError),
    /// The request has `jwk` where the operation requires `kid`, or the other way round (RFC 8555
    /// §6.2).
    #[error("the request must be signed with {0}")]
    KeyReference(&'static str),
    /// The payload does not have the form that the operation requires.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// A member of the payload does not have the required form; the text says which one.
    #[error("{0}")]
    Member(&'static str),
    /// The authority refused the request or could not handle it.
    #[error(transparent)]
    Authority(#[from] ra::Error),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Authority(failure.into())
    }
}

/// The JWS was signed for a URL other than the request's (RFC 8555 §6.4).
#[derive(Debug, thiserror::Error)]
#[error("signed for {signed}, received at {received}")]
pub struct UrlError {
    /// The `url` of the protected header.
    pub signed: String,
    /// The URL of the request: the configured base URL and the path that was received.
    pub received: String,
}
