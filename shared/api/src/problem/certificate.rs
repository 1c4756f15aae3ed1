//! Problems of certificate requests and revocations (RFC 8555 §7.4, §7.6).

use acme::{Problem, ProblemType as Type};
use ca::CsrError;

use super::sentence;

pub(super) fn request(error: &CsrError) -> Problem {
    Problem::new(Type::BadCsr, format!("{}.", sentence(error)))
}

pub(super) fn key(reason: &str) -> Problem {
    Problem::new(Type::BadCsr, format!("{}.", sentence(reason)))
}

pub(super) fn unreadable() -> Problem {
    Problem::new(Type::Malformed, "\"certificate\" is not a DER certificate in base64url.")
}

pub(super) fn bad_reason() -> Problem {
    Problem::new(Type::BadRevocationReason, "Allowed reasons are 0, 1, 3, 4, 5 and 9 (RFC 5280, section 5.3.1).")
}

pub(super) fn already_revoked() -> Problem {
    Problem::new(Type::AlreadyRevoked, "The certificate is already revoked.")
}

pub(super) fn may_not_revoke() -> Problem {
    Problem::new(
        Type::Unauthorized,
        "Revoke with the certificate's own key, the account that ordered it, or an account authorized for all its names.",
    )
}
