//! Why a request is answered with a problem document.

use authority::Failure;
use jose::{JwsError, Printable};

use crate::{NonceError, PayloadError};

/// Why a request is answered with a problem document. `problem.rs` decides what the client sees.
///
/// No text of the client is in a message as it came, because messages are written to the log: it is
/// [`Printable`].
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
    /// The authority refused the request.
    #[error(transparent)]
    Refused(#[from] ra::Refusal),
    /// The authority could not handle the request, which did not cause it.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<ra::Error> for Error {
    fn from(error: ra::Error) -> Self {
        match error {
            ra::Error::Refused(refusal) => Self::Refused(refusal),
            ra::Error::Failed(failure) => Self::Failed(failure),
        }
    }
}

/// The JWS was signed for a URL other than the request's (RFC 8555 §6.4).
#[derive(Debug, thiserror::Error)]
#[error("signed for {signed}, received at {received}")]
pub struct UrlError {
    /// The `url` of the protected header, whose signature was not verified.
    pub signed: Printable,
    /// The URL of the request: the configured base URL and the path that was received.
    pub received: Printable,
}

#[cfg(test)]
mod tests {
    use acme::{
        CertificateId, Contact, Identifier, IdentifierObject, NewAccount, NewOrder, ProfileName, RevocationRequest,
        failure_chain,
    };
    use jose::{ExternalAccountBinding, Printable, UnverifiedJws, base64url};
    use proptest::prelude::*;
    use serde::de::DeserializeOwned;
    use serde_json::json;

    use super::*;
    use crate::payload::{Json, Payload};

    /// The texts of all errors that this text leads to, wherever a client can put it.
    fn messages(text: &str) -> Vec<String> {
        let mut messages = Vec::new();
        let mut say = |error: &(dyn std::error::Error + 'static)| messages.push(failure_chain(error));
        say(&UrlError { signed: Printable::new(text), received: Printable::new(text) });
        for member in ["alg", "kid", "url", "nonce", "jwk", "b64", text] {
            let mut header = json!({"alg": "ES256", "kid": "k", "url": "u", "nonce": "n"});
            header[member] = text.into();
            let protected = base64url::encode(header.to_string().as_bytes());
            let jws = json!({"protected": protected, "payload": "", "signature": text});
            if let Err(error) = UnverifiedJws::parse(jws.to_string().as_bytes()) {
                say(&Error::from(error));
            }
            let jws = serde_json::value::to_raw_value(&jws).unwrap();
            if let Err(error) = ExternalAccountBinding::parse(&jws) {
                say(&error);
            }
        }
        for member in ["contact", "identifiers", "notBefore", "replaces", "certificate", "reason", "status", text] {
            let payload = json!({member: text}).to_string();
            let refused =
                [read::<NewAccount>(&payload), read::<NewOrder>(&payload), read::<RevocationRequest>(&payload)];
            refused.into_iter().flatten().for_each(|error| say(&Error::from(error)));
            let payload = json!({member: [{text: text, "type": text}]}).to_string();
            let refused =
                [read::<NewAccount>(&payload), read::<NewOrder>(&payload), read::<RevocationRequest>(&payload)];
            refused.into_iter().flatten().for_each(|error| say(&Error::from(error)));
        }
        for r#type in ["dns", "ip", text] {
            let object = IdentifierObject { r#type: r#type.to_owned(), value: text.to_owned() };
            if let Err(error) = Identifier::try_from(object) {
                say(&error);
            }
        }
        for contact in [text.to_owned(), format!("mailto:{text}")] {
            if let Err(error) = contact.parse::<Contact>() {
                say(&error);
            }
        }
        if let Err(error) = text.parse::<CertificateId>() {
            say(&error);
        }
        if let Err(error) = text.parse::<ProfileName>() {
            say(&error);
        }
        messages
    }

    fn read<T: DeserializeOwned>(payload: &str) -> Option<PayloadError> {
        Json::<T>::read(payload.as_bytes()).err()
    }

    #[test]
    fn threat_34_a_value_that_is_refused_is_not_repeated() {
        let payload = json!({"identifiers": [], "notBefore": "x\n2026 INFO"}).to_string();
        let message = read::<NewOrder>(&payload).unwrap().to_string();
        assert!(message.contains("notBefore") && !message.contains("INFO"), "{message}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn threat_34_no_error_repeats_text_as_it_came_or_at_length(
            text in prop_oneof![".*", "[\\n\\r\\x1b\u{9b}\u{202e}]{1,9}", "[a-z]{2000}", "[\u{2066}é]{2000}"]
        ) {
            for message in messages(&text) {
                prop_assert!(message.bytes().all(|octet| matches!(octet, b' '..=b'~')), "{message:?}");
                prop_assert!(message.len() < 1200, "{} octets: {message}", message.len());
            }
        }
    }
}
