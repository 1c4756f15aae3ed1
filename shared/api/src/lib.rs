//! The HTTP layer of the CA: everything that a function does apart from its own verb.
//!
//! [`serve`] handles a request from start to end: route, method, media type, size, then the checks
//! of RFC 8555 §6 in one place and in order (`verify.rs`), then the function's handler, then the
//! reply with the headers that every answer carries. What a function requires of a request is
//! expressed by the type that its handler takes: a [`PublicCall`], a [`KeyCall`], an
//! [`AccountCall`] or a [`RevocationCall`].
//!
//! This crate knows neither of the two hosts: both pass in an `http::Request<Bytes>`.

mod call;
mod context;
mod cors;
mod error;
mod fallback;
#[cfg(fuzzing)]
pub mod fuzzing;
mod key_change;
mod log;
mod nonce;
mod operation;
mod payload;
mod pending_response;
mod problem;
mod reply;
mod route;
mod routes;
mod serve;
mod verify;

pub use call::{AccountCall, KeyCall, PublicCall, RevocationCall, RevocationSigner};
pub use context::{Admission, Context, ContextOptions};
pub use error::{Error, UrlError};
pub use fallback::fallback;
pub use key_change::InnerJws;
pub use log::{ClientAddress, RequestId};
pub use nonce::NonceError;
pub use operation::Operation;
pub use payload::{Empty, Json, Optional, Payload, PayloadError};
pub use reply::Reply;
pub use route::{MAX_BODY_LEN, Route};
pub use routes::{GatewayRoute, routes};
pub use serve::serve;

/// A request as both hosts pass it in.
pub type Request = http::Request<bytes::Bytes>;

/// An answer as both hosts send it.
pub type Response = http::Response<bytes::Bytes>;
