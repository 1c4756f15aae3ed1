//! Problems of directories: whether they serve, and how much.

use acme::{Problem, ProblemType as Type};
use ra::LimitReached;
use store::IssuerState;

pub(super) fn unknown() -> Problem {
    Problem::new(Type::Malformed, "There is no such directory. Check the directory URL.").with_status(404)
}

pub(super) fn off(reason: &str) -> Problem {
    Problem::new(
        Type::Unauthorized,
        format!("This directory is out of service: {reason}. Certificates can still be downloaded and revoked."),
    )
}

pub(super) fn issuer_off(state: IssuerState) -> Problem {
    off(&format!("the CA behind it is {state} and issues nothing"))
}

pub(super) fn not_offered() -> Problem {
    Problem::new(
        Type::InvalidProfile,
        "This directory does not offer that profile. Use one of the \"profiles\" in its \"meta\", or order without a profile.",
    )
}

pub(super) fn limit_reached(reached: &LimitReached) -> Problem {
    let LimitReached { name, domain, maximum, window, retry_after } = reached;
    let subject = domain.as_ref().map(|domain| format!(" for {domain}")).unwrap_or_default();
    Problem::new(
        Type::RateLimited,
        format!(
            "The limit {name} of this directory is reached{subject}: {maximum} in {window} seconds. Try again in {retry_after} seconds."
        ),
    )
}
