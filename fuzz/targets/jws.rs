//! Fuzzes the reader of request bodies: JWS, protected header and payload.
#![no_main]

use jose::{KeyReference, UnverifiedJws};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(jws) = UnverifiedJws::parse(octets) {
        if let KeyReference::Jwk(key) = jws.key().clone() {
            if let Ok(verified) = jws.verify(&key) {
                let _ = serde_json::from_slice::<acme::NewOrder>(verified.payload());
            }
        }
    }
});
