//! The `Location` of an answer to http-01: what is followed is one URL, which leads to itself.
#![no_main]

libfuzzer_sys::fuzz_target!(|location: &[u8]| {
    if let Some(url) = validation::fuzzing::redirect(location) {
        assert_eq!(validation::fuzzing::redirect(url.as_bytes()), Some(url));
    }
});
