//! Key rollover (RFC 8555 §7.3.5): the payload of the inner JWS.

use serde::Deserialize;
use serde_json::value::RawValue;

/// What the new key signs: which account is to have it, and which key it takes the place of.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyChange {
    /// The account's URL.
    pub account: String,
    /// The present key, a JWK.
    pub old_key: Box<RawValue>,
}
