//! Fuzzes the parser of the queries of order lists, with the cursor in them.
#![no_main]

libfuzzer_sys::fuzz_target!(|query: &str| {
    if let Some(cursor) = orders::fuzzing::cursor(query) {
        assert_eq!(orders::fuzzing::cursor(&format!("cursor={cursor}")), Some(cursor));
    }
});
