//! Fuzzes the reader of external account bindings (RFC 8555 §7.3.4): what is sent as a binding, and
//! bindings of any header and any payload whose MAC is right.
#![no_main]

use acme::ExternalAccountKeyId;
use aws_lc_rs::hmac;
use jose::{ExternalAccountBinding, PublicKey, base64url};
use serde_json::value::RawValue;

const MAC_KEY: [u8; 32] = [0x5a; 32];

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = read(text);
    let (header, payload) = text.split_once('\0').unwrap_or((text, ""));
    let (protected, payload) = (base64url::encode(header.as_bytes()), base64url::encode(payload.as_bytes()));
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &MAC_KEY), format!("{protected}.{payload}").as_bytes());
    let mac = base64url::encode(mac.as_ref());
    let _ = read(&format!(r#"{{"protected":"{protected}","payload":"{payload}","signature":"{mac}"}}"#));
});

fn read(text: &str) -> Option<PublicKey> {
    let binding = ExternalAccountBinding::parse(serde_json::from_str::<&RawValue>(text).ok()?).ok()?;
    let _ = binding.kid().parse::<ExternalAccountKeyId>();
    let payload = binding.verify(&MAC_KEY).ok()?;
    PublicKey::from_jwk_str(std::str::from_utf8(&payload).ok()?).ok()
}
