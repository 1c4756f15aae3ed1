//! JOSE as ACME uses it (RFC 8555 §6.2): JWS in the flattened form, JWK, thumbprints, and the rules
//! that a public key must pass before anything here verifies with it.
//!
//! - [`UnverifiedJws::parse`] reads a request body; [`UnverifiedJws::verify`] turns it into a
//!   [`VerifiedJws`], the only type that shows a payload.
//! - [`PublicKey`] comes from a JWK or from a SubjectPublicKeyInfo, and exists only if the key
//!   passed the rules.
//! - [`ExternalAccountBinding`] is the inner, HMAC-signed JWS of RFC 8555 §7.3.4. It shares no code
//!   path for algorithms with the outer JWS, so a MAC can never stand in for a signature.
//!
//! Invariants: no I/O, no clock, no randomness; parsing never panics, and its work is bounded by
//! [`MAX_JWS_LEN`] before the first byte is looked at. Signatures are verified by `aws-lc-rs`; the
//! RustCrypto crates check points and moduli, and stand against it in the differential tests.

mod algorithm;
pub mod base64url;
pub mod external_account;
pub mod jwk;
mod jws;
mod key_error;
mod members;
mod public_key;
mod thumbprint;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use external_account::ExternalAccountBinding;
pub use jwk::Jwk;
pub use jws::{JwsError, KeyReference, MAX_JWS_LEN, MalformedJws, UnverifiedJws, VerifiedJws};
pub use key_error::{KeyError, MalformedKey, WeakKey};
pub use public_key::{KeyKind, PublicKey, SignatureError};
pub use thumbprint::{Thumbprint, ThumbprintError};
