//! A JWS that is valid at first and that tests can change.

use std::sync::Arc;

use jose::base64url;
use serde_json::{Map, Value, json};

use super::Key;

/// A JWS in the flattened form, before it is signed.
#[derive(Clone)]
pub struct Jws {
    /// The protected header.
    pub protected: Map<String, Value>,
    /// The payload before it is encoded.
    pub payload: Vec<u8>,
    /// The key that will sign.
    pub key: Arc<Key>,
}

impl Jws {
    /// A JWS with only `alg` in its header.
    pub fn new(key: &Arc<Key>, payload: impl Into<Vec<u8>>) -> Self {
        let protected = Map::from_iter([("alg".to_owned(), key.algorithm().name().into())]);
        Self { protected, payload: payload.into(), key: key.clone() }
    }

    /// Sets a header parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.protected.insert(name.to_owned(), value);
        self
    }

    /// Removes a header parameter.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.protected.remove(name);
        self
    }

    /// Replaces the payload.
    #[must_use]
    pub fn carrying(mut self, payload: impl Into<Vec<u8>>) -> Self {
        self.payload = payload.into();
        self
    }

    /// Signs with another key; the header does not change.
    #[must_use]
    pub fn signed_by(mut self, key: &Arc<Key>) -> Self {
        self.key = key.clone();
        self
    }

    /// The members of the signed JWS.
    pub fn members(&self) -> Value {
        self.members_with_header(&Value::Object(self.protected.clone()).to_string())
    }

    /// The members of the JWS with this text as its protected header.
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
