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
    /// A required member is missing, in a JSON object that may be inside others.
    #[error("the payload lacks the member \"{0}\"")]
    Missing(Printable),
    /// A member is there twice.
    #[error("the payload has the member \"{0}\" twice")]
    Repeated(Printable),
    /// A member has the wrong type, or a value that this type of member cannot have.
    #[error("the member \"{0}\" of the payload does not have the form that this operation requires")]
    Member(Printable),
}

impl PayloadError {
    /// In words about the payload: a client has not written the parser, and need not know its
    /// words.
    fn of(error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        if !error.inner().is_data() {
            return Self::NotAnObject;
        }
        let text = error.inner().to_string();
        let named = |prefix: &str| text.strip_prefix(prefix).and_then(|rest| rest.split('`').next());
        let within = |member: &str| match error.path().iter().len() {
            0 => Printable::new(member),
            _ => Printable::new(format!("{}.{member}", error.path())),
        };
        match (named("missing field `"), named("duplicate field `")) {
            (Some(member), _) => Self::Missing(within(member)),
            (_, Some(member)) => Self::Repeated(within(member)),
            _ => Self::Member(Printable::new(error.path().to_string())),
        }
    }
}

fn read_object<T: DeserializeOwned>(payload: &[u8]) -> Result<T, PayloadError> {
    // JSON is UTF-8, including the members that are ignored (RFC 8259 §8.1).
    let text = std::str::from_utf8(payload).map_err(|_| PayloadError::NotAnObject)?;
    if !text.trim_ascii_start().starts_with('{') {
        return Err(PayloadError::NotAnObject);
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let object = serde_path_to_error::deserialize(&mut reader).map_err(|error| PayloadError::of(&error))?;
    reader.end().map_err(|_| PayloadError::NotAnObject)?;
    Ok(object)
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
    fn the_member_that_is_wrong_is_named_without_words_of_the_parser() {
        for (payload, text) in [
            ("{}", "the payload lacks the member \"identifiers\""),
            (r#"{"identifiers":[{"type":"dns"}]}"#, "the payload lacks the member \"identifiers[0].value\""),
            (r#"{"identifiers":[],"identifiers":[]}"#, "the payload has the member \"identifiers\" twice"),
            (
                r#"{"identifiers":[{"type":"dns","value":1}]}"#,
                "the member \"identifiers[0].value\" of the payload does not have the form that this operation requires",
            ),
            (
                r#"{"identifiers":[],"notBefore":"soon"}"#,
                "the member \"notBefore\" of the payload does not have the form that this operation requires",
            ),
            (r#"{"identifiers":["#, "the payload is not a JSON object"),
            (r#"{"identifiers":[]}x"#, "the payload is not a JSON object"),
        ] {
            assert_eq!(Json::<NewOrder>::read(payload.as_bytes()).unwrap_err().to_string(), text, "{payload}");
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
