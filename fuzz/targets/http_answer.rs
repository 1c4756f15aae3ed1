//! Fuzzes the reader of what a web server answers to http-01. An answer without the key
//! authorization must not validate anything.
#![no_main]

use std::sync::LazyLock;

use acme::{ChallengeToken, ChallengeType, Identifier, KeyAuthorization};
use validation::{Probe, Rules};

static PROBE: LazyLock<Probe> = LazyLock::new(probe);

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if validation::fuzzing::http_answer(octets, &PROBE) == Some(true) {
        // A chunked body may be cut anywhere.
        let mut rest = octets.iter();
        let shown = PROBE.key_authorization.as_str().bytes().all(|wanted| rest.any(|octet| *octet == wanted));
        assert!(shown, "the key authorization is not there");
    }
});

/// What is looked for.
fn probe() -> Probe {
    let token = ChallengeToken::from_random([7; 32]);
    let thumbprint = "paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU".parse().expect("a thumbprint");
    Probe {
        challenge: ChallengeType::Http01,
        identifier: Identifier::Dns("a.test".parse().expect("a name")),
        key_authorization: KeyAuthorization::new(&token, &thumbprint),
        token,
        rules: Rules::default(),
        caa: None,
    }
}
