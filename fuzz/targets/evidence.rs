//! Fuzzes the examination of the evidence for a certificate.
#![no_main]

use admin::examination::{examine, is_sound};

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let Ok(findings) = examine(text) else { return };
    assert!(!findings.is_empty(), "a certificate was found, and said nothing of");
    if is_sound(&findings) {
        let said = |what| findings.iter().any(|finding| finding.says.contains(what));
        assert!(said("the receipt is for the names of the certificate"), "nothing is sound without a receipt");
    }
});
