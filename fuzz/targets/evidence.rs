//! Fuzzes the examination of the evidence for a certificate.
#![no_main]

use admin::{
    examination::{ChainDocument, examine},
    finding::is_sound,
};
use jiff::Timestamp;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let Ok(findings) = examine(text, Timestamp::UNIX_EPOCH) else { return };
    let is_chain = serde_json::from_slice::<ChainDocument>(text).is_ok();
    assert!(is_chain || !findings.is_empty(), "a certificate was found, and said nothing of");
    if is_sound(&findings) && !is_chain {
        let said = |what| findings.iter().any(|finding| finding.says.contains(what));
        assert!(said("the receipt is for the names of the certificate"), "nothing is sound without a receipt");
    }
});
