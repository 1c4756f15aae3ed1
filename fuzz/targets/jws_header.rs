//! Fuzzes the reader of protected headers and payloads, in request bodies that are well-formed
//! around them.
#![no_main]

use jose::{KeyReference, UnverifiedJws, base64url};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let at = octets.iter().position(|octet| *octet == 0).unwrap_or(octets.len());
    let (header, payload) = octets.split_at(at);
    let (protected, payload) = (base64url::encode(header), base64url::encode(payload));
    let signature = base64url::encode(&[1; 64]);
    let body = format!(r#"{{"protected":"{protected}","payload":"{payload}","signature":"{signature}"}}"#);
    match UnverifiedJws::parse(body.as_bytes()) {
        Ok(jws) => {
            if let KeyReference::Jwk(key) = jws.key().clone() {
                assert!(jws.verify(&key).is_err(), "this is not a signature");
            }
        }
        Err(error) => assert!(!error.to_string().contains(['\n', '\0']), "it would break a line of the log"),
    }
});
