//! Fuzzes the reader of nonces.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Some(seconds) = api::fuzzing::nonce(text) {
        assert!(seconds >= 0 && seconds <= i64::from(u32::MAX));
    }
});
