//! Fuzzes the reader of configuration files, with the profiles in them. A refusal says where the
//! fault is.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Err(refusal) = host::fuzzing::configuration(text) {
        assert!(refusal.starts_with("ca.toml"), "{refusal}");
    }
});
