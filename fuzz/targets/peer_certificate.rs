//! Fuzzes the reader of the certificate that a server presents for tls-alpn-01. A certificate
//! without the digest must not validate anything.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let digest = [0x5a; 32];
    if validation::fuzzing::peer_certificate(octets, &digest) {
        assert!(octets.windows(digest.len()).any(|window| window == digest));
    }
});
