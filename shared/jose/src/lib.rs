//! JOSE for ACME (RFC 8555 §6.2): JWS in the flattened form, JWK, thumbprints, and the rules that a
//! public key must pass before it is used to verify anything.
//!
//! - [`UnverifiedJws::parse`] parses a request body; [`UnverifiedJws::verify`] turns it into a
//!   [`VerifiedJws`], the only type that gives access to the payload.
//! - [`PublicKey`] is made from a JWK or a SubjectPublicKeyInfo, and exists only if the key passed
//!   the rules.
//! - [`ExternalAccountBinding`] is the inner, HMAC-signed JWS of RFC 8555 §7.3.4. Its algorithms
//!   share no code with those of the outer JWS, so a MAC can never stand in for a signature.
//!
//! Invariants: no I/O, no clock, no randomness. Parsing never panics, and its work is limited by
//! [`MAX_JWS_LEN`], which is checked first. `aws-lc-rs` verifies the signatures; the RustCrypto
//! crates check points and moduli, and the differential tests compare the two.

mod algorithm;
pub mod base64url;
pub mod external_account;
mod jwk;
mod jws;
mod key_error;
mod members;
mod printable;
mod public_key;
mod thumbprint;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use external_account::ExternalAccountBinding;
pub use jws::{JwsError, KeyReference, MAX_JWS_LEN, MalformedJws, UnverifiedJws, VerifiedJws};
pub use key_error::{KeyError, MalformedKey, WeakKey};
pub use printable::Printable;
pub use public_key::{KeyKind, PublicKey, SignatureError};
pub use thumbprint::{Thumbprint, ThumbprintError};
