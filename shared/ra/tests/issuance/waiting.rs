//! Validations whose worker is lost, and results that come too late.

use std::sync::Arc;

use acme::{AuthorizationStatus, ChallengeStatus, ChallengeType, Observation};
use authority::ValidationTask;
use ra::Error;
use tempfile::TempDir;

use crate::ca::{Ca, Keys, request};

#[tokio::test]
async fn a_second_challenge_that_was_left_waiting_stands_in_nobodys_way() {
    let folder = TempDir::new().unwrap();
    let ca = Ca::open(&folder.path().join("store.redb"), &Arc::new(Keys::default())).await;
    let account = ca.account().await;
    let order = ca.parts.new_orders.create(&ca.serving, &account, request()).await.unwrap().order;
    let id = order.authorizations[0];
    ca.parts.challenges.initiate(&ca.serving, &account, id, ChallengeType::Dns01, &[]).await.unwrap();
    ca.show(&account, id).await;
    for seconds in [0, 91, 300] {
        ca.clock.jump(seconds);
        let authorization = ca.parts.authorizations.authorization(&account, id).await.unwrap();
        let now = ca.now();
        assert_eq!(authorization.status(now), AuthorizationStatus::Valid);
        let left = authorization.challenge(ChallengeType::Dns01).unwrap();
        assert_eq!(left.status(now), ChallengeStatus::Pending, "no worker has it");
    }
}

#[tokio::test]
async fn n3_what_was_shown_as_invalid_does_not_become_valid_by_a_late_result() {
    let folder = TempDir::new().unwrap();
    let ca = Ca::open(&folder.path().join("store.redb"), &Arc::new(Keys::default())).await;
    let account = ca.account().await;
    let order = ca.parts.new_orders.create(&ca.serving, &account, request()).await.unwrap().order;
    let id = order.authorizations[0];
    ca.parts.challenges.initiate(&ca.serving, &account, id, ChallengeType::Http01, &[]).await.unwrap();
    ca.clock.jump(200);
    ca.parts.challenges.initiate(&ca.serving, &account, id, ChallengeType::Dns01, &[]).await.unwrap();
    let task = ValidationTask { account: account.id, authorization: id, challenge: ChallengeType::Dns01 };
    let job = ca.parts.validations.job(task).await.unwrap().unwrap();

    // The deadline of the first one passes; its failure stays visible.
    ca.clock.jump(101);
    let authorization = ca.parts.authorizations.authorization(&account, id).await.unwrap();
    assert_eq!(authorization.status(ca.now()), AuthorizationStatus::Invalid);
    let late = ca.parts.validations.succeeded(job, vec![Observation::default()]).await;
    assert!(matches!(late, Err(Error::Failed(authority::Failure::Transition(_)))), "{late:?}");
}

#[tokio::test]
async fn a_validation_that_a_lost_worker_left_behind_is_handed_over_by_the_next_read() {
    let folder = TempDir::new().unwrap();
    let ca = Ca::open(&folder.path().join("store.redb"), &Arc::new(Keys::default())).await;
    let account = ca.account().await;
    let order = ca.parts.new_orders.create(&ca.serving, &account, request()).await.unwrap().order;
    let id = order.authorizations[0];
    ca.parts.challenges.initiate(&ca.serving, &account, id, ChallengeType::Http01, &[]).await.unwrap();
    let task = ValidationTask { account: account.id, authorization: id, challenge: ChallengeType::Http01 };
    assert_eq!(ca.queue.validations(), [task]);
    ca.clock.jump(89);
    ca.parts.authorizations.authorization(&account, id).await.unwrap();
    assert_eq!(ca.queue.validations(), [task], "its lease still runs");
    ca.clock.jump(2);
    ca.parts.authorizations.authorization(&account, id).await.unwrap();
    assert_eq!(ca.queue.validations(), [task, task]);
    ca.parts.authorizations.authorization(&account, id).await.unwrap();
    assert_eq!(ca.queue.validations().len(), 2, "the new lease runs");
}
