//! Key change (RFC 8555 §7.3.5): the payload of the inner JWS.

use serde::Deserialize;
use serde_json::value::RawValue;

/// The payload that the new key signs: the account that is to have it, and the key that it
/// replaces.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyChange {
    /// The URL of the account.
    pub account: String,
    /// The present key of the account, a JWK.
    pub old_key: Box<RawValue>,
}
