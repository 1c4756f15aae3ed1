//! The advice of an explanation: what to do next.

use acme::{Account, AccountStatus, Authorization, AuthorizationStatus, ChallengeStatus, OrderStatus};
use jiff::Timestamp;
use ra::LimitState;

use super::{NameLine, listed};

/// Advice about an order.
pub(super) fn for_order(
    account: &Account,
    status: OrderStatus,
    authorizations: &[Authorization],
    now: Timestamp,
) -> Vec<String> {
    if account.status != AccountStatus::Valid {
        return for_account(account);
    }
    match status {
        OrderStatus::Pending => {
            let pending =
                authorizations.iter().filter(|authorization| authorization.status(now) == AuthorizationStatus::Pending);
            pending.map(|authorization| for_authorization(authorization, now)).collect()
        }
        OrderStatus::Ready => {
            vec!["The client has to finalize the order with a certificate request for its identifiers.".to_owned()]
        }
        OrderStatus::Processing => {
            vec!["The client has to poll the order; issuance continues by itself.".to_owned()]
        }
        OrderStatus::Valid => vec!["The client can download the certificate.".to_owned()],
        OrderStatus::Invalid => {
            vec![
                "Fix the cause of the error, then have the client place a new order; this one stays invalid."
                    .to_owned(),
            ]
        }
    }
}

/// Advice about an account.
pub(super) fn for_account(account: &Account) -> Vec<String> {
    match account.status {
        AccountStatus::Valid => Vec::new(),
        AccountStatus::Revoked => {
            vec![format!(
                "The account is disabled. Enable it with `admin accounts enable {}`, or use another account.",
                account.id
            )]
        }
        AccountStatus::Deactivated => {
            vec!["The account was deactivated. The client has to create a new one.".to_owned()]
        }
    }
}

/// Advice about identifiers that a new order would be refused for, and about limits that are
/// reached.
pub(super) fn for_a_new_order(names: &[NameLine], limits: &[LimitState]) -> Vec<String> {
    let refused = names.iter().filter(|verdict| !verdict.allowed).map(|verdict| {
        format!("A new order for {} is refused by the profile {}: {}.", verdict.name, verdict.profile, verdict.because)
    });
    let full = limits.iter().filter(|limit| limit.used >= limit.maximum).map(|limit| {
        format!("The limit {} is reached for {}: it resets at {}.", limit.limit, limit.of, limit.frees_at)
    });
    refused.chain(full).collect()
}

fn for_authorization(authorization: &Authorization, now: Timestamp) -> String {
    let name = &authorization.identifier;
    let asked = authorization.challenges.iter().find(|asked| asked.status(now) == ChallengeStatus::Processing);
    match asked {
        Some(challenge) if challenge.attempts.is_empty() => {
            format!("The CA is validating {} for {name}; the client has to wait.", challenge.r#type)
        }
        Some(challenge) => {
            format!("The CA is retrying {} for {name}; fix what the last attempt found.", challenge.r#type)
        }
        None => {
            let types = listed(authorization.challenges.iter().map(|challenge| challenge.r#type));
            format!("The client has to prove control of {name} by one of {types}, and then POST to the challenge.")
        }
    }
}
