//! A JWS under construction: good at first, and then as a test wants it.

use std::sync::Arc;

use jose::base64url;
use serde_json::{Map, Value, json};

use super::Key;

/// A JWS in the flattened form, not yet signed.
#[derive(Clone)]
pub struct Jws {
    /// The protected header.
    pub protected: Map<String, Value>,
    /// The payload.
    pub payload: Vec<u8>,
    /// The key that will sign.
    pub key: Arc<Key>,
}

impl Jws {
    /// With `alg` alone in the header.
    pub fn new(key: &Arc<Key>, payload: impl Into<Vec<u8>>) -> Self {
        let protected = Map::from_iter([("alg".to_owned(), key.algorithm().name().into())]);
        Self { protected, payload: payload.into(), key: key.clone() }
    }

    /// With this header parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.protected.insert(name.to_owned(), value);
        self
    }

    /// Without that header parameter.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.protected.remove(name);
        self
    }

    /// With another payload.
    #[must_use]
    pub fn carrying(mut self, payload: impl Into<Vec<u8>>) -> Self {
        self.payload = payload.into();
        self
    }

    /// Signed by another key; the header stays.
    #[must_use]
    pub fn signed_by(mut self, key: &Arc<Key>) -> Self {
        self.key = key.clone();
        self
    }

    /// The members of the signed JWS.
    pub fn members(&self) -> Value {
        self.members_with_header(&Value::Object(self.protected.clone()).to_string())
    }

    /// The members of the JWS whose protected header is this text.
    pub fn members_with_header(&self, header: &str) -> Value {
        let protected = base64url::encode(header.as_bytes());
        let payload = base64url::encode(&self.payload);
        let signature = self.key.sign(format!("{protected}.{payload}").as_bytes());
        json!({"protected": protected, "payload": payload, "signature": base64url::encode(&signature)})
    }

    /// The signed JWS as it is sent.
    pub fn body(&self) -> Vec<u8> {
        self.members().to_string().into_bytes()
    }
}
