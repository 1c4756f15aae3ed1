//! Fuzzes the reader of the properties of a CA that a template makes.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(properties) = serde_json::from_slice(octets) {
        let _ = bootstrap::plan(properties, None).map_err(|error| error.to_string());
    }
});
