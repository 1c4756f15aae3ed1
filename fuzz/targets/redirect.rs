//! Fuzzes the reader of `Location` in a response to http-01. A redirect that is followed leads to
//! one URL, and that URL leads to itself.
#![no_main]

libfuzzer_sys::fuzz_target!(|location: &[u8]| {
    if let Some(url) = validation::fuzzing::redirect(location) {
        assert_eq!(validation::fuzzing::redirect(url.as_bytes()), Some(url));
    }
});
