//! Fuzzes both messages between a CA and a perspective: no question brings in a network that the
//! operator of the perspective does not allow, and an answer counts only with the id of its
//! question.
#![no_main]

use std::sync::LazyLock;

use acme::{ChallengeToken, ChallengeType, Identifier, KeyAuthorization};
use perspective::Question;
use validation::{Probe, Rules};

static QUESTION: LazyLock<Question> = LazyLock::new(question);

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    perspective::fuzzing::question(octets);
    perspective::fuzzing::answer(octets, &QUESTION);
});

/// What was asked.
fn question() -> Question {
    let token = ChallengeToken::from_random([7; 32]);
    let thumbprint = "paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU".parse().expect("a thumbprint");
    let probe = Probe {
        challenge: ChallengeType::Dns01,
        identifier: Identifier::Dns("a.test".parse().expect("a name")),
        key_authorization: KeyAuthorization::new(&token, &thumbprint),
        token,
        rules: Rules::default(),
        caa: None,
    };
    Question::new("00112233445566778899aabbccddeeff".to_owned(), "fra", &probe)
}
