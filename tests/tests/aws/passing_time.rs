//! Makes time pass for a single record, so that a test does not have to wait.

use std::{fmt::Debug, str::FromStr};

use acme::{AccountId, AuthorizationId, ChallengeState, OrderId, OrderState};
use jiff::SignedDuration;
use store::{OperationId, Versioned};
use tests::{Directory, client::Client};

/// Makes the lease of its validation expire.
pub(crate) async fn end_the_lease(ca: &Directory<'_>, client: &Client, authorization: &str) {
    let (account, id): (AccountId, AuthorizationId) = (last(client.account()), last(authorization));
    let before = ca.store().authorization(account, id).await.unwrap().unwrap();
    let mut after = before.value.clone();
    for challenge in &mut after.challenges {
        if let ChallengeState::Processing(validation) = &mut challenge.state {
            validation.lease_until -= SignedDuration::from_mins(2);
        }
    }
    let after = Versioned::new(after, OperationId::from_random([1; 16]));
    ca.store().update_authorization(&before, &after).await.unwrap();
}

/// Makes its issuance appear to have started a minute earlier.
pub(crate) async fn end_the_patience(ca: &Directory<'_>, client: &Client, order: &str) {
    let (account, id): (AccountId, OrderId) = (last(client.account()), last(order));
    let before = ca.store().order(account, id).await.unwrap().unwrap();
    let mut after = before.value.clone();
    if let OrderState::Processing(issuance) = &mut after.state {
        issuance.began_at -= SignedDuration::from_mins(1);
    }
    let after = Versioned::new(after, OperationId::from_random([2; 16]));
    ca.store().update_order(&before, &after).await.unwrap();
}

/// The id at the end of a URL.
fn last<T: FromStr<Err: Debug>>(url: &str) -> T {
    url.rsplit('/').next().unwrap().parse().unwrap()
}
