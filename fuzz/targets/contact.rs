//! Fuzzes the parser of the contacts of an account (RFC 8555 §7.3).
#![no_main]

use acme::Contact;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(contact) = text.parse::<Contact>() {
        assert!(contact.as_str().ends_with(contact.domain()));
        assert_eq!(contact.as_str().parse(), Ok(contact));
    }
});
