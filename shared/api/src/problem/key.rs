//! Problems of account keys (RFC 8555 §7.3.5).

use acme::{Problem, ProblemType as Type};

pub(super) fn in_use() -> Problem {
    let detail = "That key belongs to an account of this directory already, whose URL is in Location.";
    Problem::new(Type::Malformed, detail).with_status(409)
}

pub(super) fn blocked() -> Problem {
    Problem::new(Type::BadPublicKey, "This key was reported as compromised. Make a new one.")
}

pub(super) fn listed() -> Problem {
    let detail =
        "Others can have the private key of this key: it was published, or made by a broken generator. Make a new one.";
    Problem::new(Type::BadPublicKey, detail)
}

pub(super) fn change(reason: &str) -> Problem {
    Problem::new(Type::Malformed, format!("The key change is refused: {reason}."))
}
