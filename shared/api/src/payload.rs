//! Payloads: the forms that the signed part of a request can have.

use jose::Printable;
use serde::de::DeserializeOwned;

/// The form of payload that an operation requires.
pub trait Payload: Sized {
    /// Reads the verified payload.
    ///
    /// # Errors
    /// The payload does not have this form.
    fn read(payload: &[u8]) -> Result<Self, PayloadError>;
}

/// The empty payload of a POST-as-GET request (RFC 8555 §6.3).
#[derive(Clone, Copy, Debug)]
pub struct Empty;

impl Payload for Empty {
    fn read(payload: &[u8]) -> Result<Self, PayloadError> {
        if payload.is_empty() { Ok(Self) } else { Err(PayloadError::NotEmpty) }
    }
}

/// A JSON object. Members that `T` does not have are ignored.
#[derive(Clone, Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> Payload for Json<T> {
    fn read(payload: &[u8]) -> Result<Self, PayloadError> {
        read_object(payload).map(Self)
    }
}

/// A JSON object, or `None` for a POST-as-GET request.
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

/// Why a payload is refused.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// The operation takes only an empty payload.
    #[error("this resource is read with an empty payload")]
    NotEmpty,
    /// The payload is not a JSON object.
    #[error("the payload is not a JSON object")]
    NotAnObject,
    /// A JSON object in which a required member is missing or has the wrong type. The reason may
    /// quote the object.
    #[error("the payload does not have the form that this operation requires: {0}")]
    Members(Printable),
}

impl From<serde_json::Error> for PayloadError {
    fn from(error: serde_json::Error) -> Self {
        Self::Members(Printable::new(error.to_string()))
    }
}

fn read_object<T: DeserializeOwned>(payload: &[u8]) -> Result<T, PayloadError> {
    // JSON is UTF-8, including the members that are ignored (RFC 8259 §8.1).
    let text = std::str::from_utf8(payload).map_err(|_| PayloadError::NotAnObject)?;
    if !text.trim_ascii_start().starts_with('{') {
        return Err(PayloadError::NotAnObject);
    }
    Ok(serde_json::from_str(text)?)
}

#[cfg(test)]
mod tests {
    use acme::{NewAccount, NewOrder};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn unknown_members_are_ignored() {
        let Json(account) = Json::<NewAccount>::read(br#"{"contact":["mailto:a@b.test"],"x":{"y":[1]}}"#).unwrap();
        assert_eq!(account.contact.unwrap(), ["mailto:a@b.test"]);
    }

    #[test]
    fn only_objects_are_taken() {
        for payload in ["", "null", "[]", "1", "\"{}\"", "{", "{}x", "\u{feff}{}"] {
            assert!(Json::<NewAccount>::read(payload.as_bytes()).is_err(), "{payload:?}");
        }
    }

    #[test]
    fn members_of_the_wrong_type_are_refused() {
        for payload in [
            r#"{"identifiers":null}"#,
            r#"{"identifiers":{}}"#,
            r#"{"identifiers":[1]}"#,
            r#"{"identifiers":[],"notBefore":"soon"}"#,
            "{}",
        ] {
            assert!(Json::<NewOrder>::read(payload.as_bytes()).is_err(), "{payload}");
        }
    }

    #[test]
    fn threat_21_deep_nesting_is_not_followed() {
        let deep = |member: &str| format!("{{\"{member}\":{}{}}}", "[".repeat(60_000), "]".repeat(60_000));
        assert!(Json::<NewAccount>::read(deep("contact").as_bytes()).is_err());
        assert!(Json::<serde_json::Map<String, serde_json::Value>>::read(deep("x").as_bytes()).is_err());
        // An ignored member is skipped without recursion.
        assert!(Json::<NewAccount>::read(deep("x").as_bytes()).is_ok());
    }

    #[test]
    fn reading_takes_nothing_or_an_object() {
        assert!(Empty::read(b"").is_ok());
        assert!(Empty::read(b"{}").is_err());
        assert!(matches!(Optional::<NewAccount>::read(b""), Ok(Optional(None))));
        assert!(matches!(Optional::<NewAccount>::read(b" {}"), Ok(Optional(Some(_)))));
    }

    proptest! {
        #[test]
        fn no_payload_panics(payload: Vec<u8>) {
            let _ = Json::<NewOrder>::read(&payload);
            let _ = Optional::<NewAccount>::read(&payload);
        }
    }
}
