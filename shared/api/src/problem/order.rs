//! Problems of orders and authorizations (RFC 8555 §7.4, §7.5).

use acme::{
    AuthorizationStatus, ChallengeType, IdentifierError, IdentifierObject, OrderStatus, Problem, ProblemType as Type,
    Subproblem,
};
use ra::IdentifierRefusal;

use super::sentence;

pub(super) fn no_identifiers() -> Problem {
    Problem::new(Type::Malformed, "The order has no identifiers.")
}

pub(super) fn too_many_identifiers(most: usize) -> Problem {
    Problem::new(Type::Malformed, format!("An order has at most {most} identifiers. Split it into several."))
}

pub(super) fn identifiers(refused: &[(IdentifierObject, IdentifierRefusal)]) -> Problem {
    let subproblems = refused.iter().map(|(name, refusal)| identifier(name, refusal)).collect();
    Problem::of_names(subproblems, "Several identifiers are refused; see the subproblems.")
}

fn identifier(name: &IdentifierObject, refusal: &IdentifierRefusal) -> Subproblem {
    let r#type = match refusal {
        IdentifierRefusal::Malformed(IdentifierError::UnsupportedType) => Type::UnsupportedIdentifier,
        IdentifierRefusal::Malformed(IdentifierError::NoHost(_) | IdentifierError::WildcardTopLevel) => {
            Type::RejectedIdentifier
        }
        IdentifierRefusal::Malformed(_) => Type::Malformed,
        IdentifierRefusal::Rule(_)
        | IdentifierRefusal::NotPublic(_)
        | IdentifierRefusal::Policy(_)
        | IdentifierRefusal::Constrained(_) => Type::RejectedIdentifier,
    };
    Subproblem::new(r#type, format!("{}.", sentence(refusal)), name.clone())
}

pub(super) fn validity(refusal: &impl std::fmt::Display) -> Problem {
    Problem::new(Type::Malformed, format!("The requested validity is refused: {refusal}."))
}

pub(super) fn replaces(reason: &str) -> Problem {
    Problem::new(Type::Malformed, format!("\"replaces\" is refused: {reason}."))
}

pub(super) fn already_replaced() -> Problem {
    Problem::new(
        Type::AlreadyReplaced,
        "Another order already replaces that certificate. Order again without \"replaces\".",
    )
}

pub(super) fn not_ready(status: OrderStatus) -> Problem {
    Problem::new(
        Type::OrderNotReady,
        match status {
            OrderStatus::Pending => {
                "The order has authorizations that are not valid yet. Complete a challenge of each."
            }
            OrderStatus::Invalid => "The order is invalid; its \"error\" says why. Create a new order.",
            OrderStatus::Processing => "The order is being processed. Poll it again.",
            OrderStatus::Ready | OrderStatus::Valid => "The order cannot be finalized now.",
        },
    )
}

pub(super) fn other_csr() -> Problem {
    Problem::new(Type::OrderNotReady, "The order was finalized with another certificate request. Create a new order.")
}

pub(super) fn authorization_ended(status: AuthorizationStatus) -> Problem {
    let status = format!("{status:?}").to_ascii_lowercase();
    Problem::new(
        Type::Malformed,
        format!("The authorization is {status} and can no longer be changed. Create a new order."),
    )
}

pub(super) fn challenge_withdrawn(r#type: ChallengeType) -> Problem {
    let detail =
        format!("This directory no longer accepts {type}. Create a new order, and use a challenge that it has.");
    Problem::new(Type::Unauthorized, detail)
}
