//! What to do next.

use acme::{Account, AccountStatus, Authorization, AuthorizationStatus, ChallengeStatus, OrderStatus};
use jiff::Timestamp;

use super::{NameVerdict, listed};
use crate::LimitState;

/// For an order.
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
            vec!["The client finalizes the order with a certificate request for its names.".to_owned()]
        }
        OrderStatus::Processing => {
            vec!["The client asks for the order again; issuing goes on by itself.".to_owned()]
        }
        OrderStatus::Valid => vec!["The client downloads the certificate.".to_owned()],
        OrderStatus::Invalid => {
            vec!["The client mends what the error names and makes a new order; this one stays invalid.".to_owned()]
        }
    }
}

/// For an account.
pub(super) fn for_account(account: &Account) -> Vec<String> {
    match account.status {
        AccountStatus::Valid => Vec::new(),
        AccountStatus::Revoked => {
            vec![format!("The account is disabled. `admin accounts enable {}`, or use another account.", account.id)]
        }
        AccountStatus::Deactivated => vec!["The client ended the account. It registers a new one.".to_owned()],
    }
}

/// For names that a new order would be refused for, and limits that would refuse it.
pub(super) fn for_a_new_order(names: &[NameVerdict], limits: &[LimitState]) -> Vec<String> {
    let refused = names.iter().filter(|verdict| !verdict.allowed).map(|verdict| {
        format!("A new order for {} is refused by the profile {}: {}.", verdict.name, verdict.profile, verdict.because)
    });
    let full = limits.iter().filter(|limit| limit.used >= limit.maximum).map(|limit| {
        format!("The limit {} is reached for {}: it is free again {}.", limit.limit, limit.of, limit.frees_at)
    });
    refused.chain(full).collect()
}

fn for_authorization(authorization: &Authorization, now: Timestamp) -> String {
    let name = &authorization.identifier;
    let asked = authorization.challenges.iter().find(|asked| asked.status(now) == ChallengeStatus::Processing);
    match asked {
        Some(challenge) if challenge.attempts.is_empty() => {
            format!("The CA looks for {} of {name}; the client waits.", challenge.r#type)
        }
        Some(challenge) => format!(
            "The CA looks for {} of {name} again; the client mends what the last attempt found.",
            challenge.r#type
        ),
        None => {
            let ways = listed(authorization.challenges.iter().map(|challenge| challenge.r#type));
            format!("The client shows control of {name} by one of {ways}, and says so by a POST to the challenge.")
        }
    }
}
