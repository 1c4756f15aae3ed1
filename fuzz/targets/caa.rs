//! Fuzzes the reader of CAA records, from their octets in an answer to what they decide. Records
//! that do not name the CA permit nothing that they restrict, and what is kept is fit for a log.
#![no_main]

use std::sync::LazyLock;

use validation::CaaTerms;

static TERMS: LazyLock<CaaTerms> = LazyLock::new(|| CaaTerms {
    identities: vec!["ca.example".to_owned()],
    account_urls: vec!["https://ca.example/1".to_owned()],
    is_wildcard: true,
});

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((number, records)) = input.split_first() else { return };
    let Some(permission) = validation::fuzzing::caa(*number, records, &TERMS) else { return };
    let Some(record) = permission.record else {
        assert_eq!(permission.identity, None, "a name of the CA without a record");
        return;
    };
    assert!(record.len() < 1_100 && record.bytes().all(|octet| matches!(octet, b' '..=b'~')), "{record:?}");
    let is_there = records.windows(IDENTITY.len()).any(|octets| octets.eq_ignore_ascii_case(IDENTITY));
    assert!(is_there, "{record} does not name the CA");
    assert_eq!(permission.identity.as_deref().map(str::as_bytes), Some(IDENTITY));
});

const IDENTITY: &[u8] = b"ca.example";
