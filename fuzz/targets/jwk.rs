//! Fuzzes the readers of public keys: JWK and SubjectPublicKeyInfo.
#![no_main]

use jose::PublicKey;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(text) = std::str::from_utf8(octets) {
        if let Ok(key) = PublicKey::from_jwk_str(text) {
            assert_eq!(PublicKey::from_spki_der(key.spki_der()), Ok(key));
        }
    }
    if let Ok(key) = PublicKey::from_spki_der(octets) {
        assert_eq!(key.spki_der(), octets);
    }
});
