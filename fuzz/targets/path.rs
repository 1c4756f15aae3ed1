//! Fuzzes the parser of request paths and of the ids in them: orders, cursors, renewal information.
#![no_main]

use acme::Resource;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Some((directory, resource)) = Resource::parse(text) {
        assert_eq!(format!("/{directory}{resource}"), text);
    }
});
