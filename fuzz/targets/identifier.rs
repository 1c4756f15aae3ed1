//! Fuzzes the parser of the identifiers in new orders.
#![no_main]

use acme::{Identifier, IdentifierObject};

libfuzzer_sys::fuzz_target!(|text: &str| {
    for r#type in ["dns", "ip"] {
        let object = IdentifierObject { r#type: r#type.to_owned(), value: text.to_owned() };
        if let Ok(identifier) = Identifier::try_from(object) {
            let again = Identifier::try_from(IdentifierObject::from(identifier.clone()));
            assert_eq!(again, Ok(identifier));
        }
    }
});
