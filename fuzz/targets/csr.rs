//! Fuzzes the reader of certificate signing requests (RFC 2986).
#![no_main]

use ca::Csr;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(csr) = Csr::from_der(octets) {
        let names: Vec<_> = csr.identifiers().iter().cloned().collect();
        assert!(csr.check_names(&names).is_ok());
    }
});
