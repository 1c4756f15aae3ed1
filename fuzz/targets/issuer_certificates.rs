//! Fuzzes the reader of the certificates that an operator installs for an issuing CA below another
//! one: PEM, the path to the root, name constraints.
#![no_main]

use ca::{Certificate, Issuer};
use jiff::Timestamp;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(certificates) = Certificate::from_pem(text) else { return };
    // A time at which the certificates of the corpus are valid.
    let now = Timestamp::from_second(1_800_000_000).expect("a time");
    for own in &certificates {
        let _ = (own.subject(), own.name_constraints(), own.pointers());
        if let Ok(above) = ca::path(own, &certificates, now) {
            assert!(above.last().is_some_and(Certificate::is_self_issued), "the path ends at a root");
            let _ = Issuer::new(own.clone()).and_then(|issuer| issuer.below(&above));
        }
    }
});
