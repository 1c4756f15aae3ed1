//! Payloads: what the signed part of a request must hold.

use serde::de::DeserializeOwned;

/// A form of payload that an operation demands.
pub trait Payload: Sized {
    /// Reads the verified payload.
    ///
    /// # Errors
    /// When it has not this form.
    fn read(payload: &[u8]) -> Result<Self, PayloadError>;
}

/// Nothing: a POST-as-GET (RFC 8555 §6.3).
#[derive(Clone, Copy, Debug)]
pub struct Empty;

impl Payload for Empty {
    fn read(payload: &[u8]) -> Result<Self, PayloadError> {
        if payload.is_empty() { Ok(Self) } else { Err(PayloadError::NotEmpty) }
    }
}

/// A JSON object.
#[derive(Clone, Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> Payload for Json<T> {
    fn read(payload: &[u8]) -> Result<Self, PayloadError> {
        read_object(payload).map(Self)
    }
}

/// A JSON object, or nothing for a POST-as-GET.
#[derive(Clone, Debug)]
pub struct Optional<T>(pub Option<T>);

impl<T: DeserializeOwned> Payload for Optional<T> {
    fn read(payload: &[u8]) -> Result<Self, PayloadError> {
        if payload.is_empty() {
            return Ok(Self(None));
        }
        read_object(payload).map(Some).map(Self)
    }
}

/// Octets that the function reads itself: the inner JWS of a key rollover.
impl Payload for Vec<u8> {
    fn read(payload: &[u8]) -> Result<Self, PayloadError> {
        Ok(payload.to_vec())
    }
}

/// Why a payload is refused.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// The operation takes no payload.
    #[error("this resource is read with an empty payload")]
    NotEmpty,
    /// Not a JSON object.
    #[error("the payload is not a JSON object")]
    NotAnObject,
    /// A JSON object with the wrong members.
    #[error("the payload is not what this operation takes: {0}")]
    Members(#[source] serde_json::Error),
}

fn read_object<T: DeserializeOwned>(payload: &[u8]) -> Result<T, PayloadError> {
    let first = payload.iter().find(|byte| !byte.is_ascii_whitespace());
    if first != Some(&b'{') {
        return Err(PayloadError::NotAnObject);
    }
    serde_json::from_slice(payload).map_err(PayloadError::Members)
}
