//! Fuzzes the reader of the certificate in a revocation request (RFC 8555 §7.6).
#![no_main]

use ca::Certificate;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(certificate) = Certificate::from_der(octets) {
        assert_eq!(certificate.der(), octets);
        let id = certificate.certificate_id().to_string();
        assert_eq!(id.parse().as_ref(), Ok(certificate.certificate_id()));
    }
});
