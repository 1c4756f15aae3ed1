//! Fuzzes the check of the `Host` of a request. What is taken for a host has nothing of a path or
//! of a user in it.
#![no_main]

libfuzzer_sys::fuzz_target!(|value: &[u8]| {
    if host::fuzzing::host(value) == Some(true) {
        assert!(!value.iter().any(|octet| b"/@?# ,".contains(octet)));
    }
});
