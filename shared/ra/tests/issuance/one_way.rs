//! There is one way to a certificate, and nothing on it can be changed, doubled or skipped.

use std::sync::Arc;

use acme::{AccountUpdate, OrderState, OrderStatus, RevocationReason};
use authority::IssuanceTask;
use ca::SubjectRule;
use ra::{Error, Refusal, Revoker};
use store::{CertificateState, ProfileChanges, ProfileStore, RaProfile};
use tempfile::TempDir;

use crate::ca::{Ca, Keys, Moment, csr, request};

async fn ca() -> (TempDir, Arc<Keys>, Ca) {
    let folder = TempDir::new().unwrap();
    let keys = Arc::new(Keys::default());
    let ca = Ca::open(&folder.path().join("store.redb"), &keys).await;
    (folder, keys, ca)
}

#[tokio::test]
async fn threat_6_a_profile_that_changes_between_intent_and_signature_changes_nothing_that_is_signed() {
    let (_folder, keys, ca) = ca().await;
    let (account, order) = ca.ready_order().await;
    keys.stop_at(Some(Moment::Away));
    ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
    let intended = ca.intended(&account, order).await;

    let changed = RaProfile { subject: SubjectRule::Empty, ..ca.serving.ra.clone() };
    ca.store.apply_profiles(&ProfileChanges { put_ra: vec![changed], ..ProfileChanges::default() }).await.unwrap();
    ca.clock.jump(60);
    keys.stop_at(None);
    ca.parts.resumption.resume(IssuanceTask { account: account.id, order }).await.unwrap();
    assert_eq!(keys.signed(), [intended]);
}

#[tokio::test]
async fn threat_7_a_certificate_is_on_record_before_its_signature_exists() {
    let (_folder, keys, ca) = ca().await;
    let (account, order) = ca.ready_order().await;
    keys.stop_at(Some(Moment::Away));
    ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
    let record = ca.record(&account, order).await;
    assert!(keys.signed().is_empty());
    assert!(matches!(record.state, CertificateState::Intended { .. }));
    assert!(ca.parts.renewal_infos.of(&record.id).await.is_ok(), "it counts as issued");
}

#[tokio::test]
async fn threat_9_finalize_answers_with_the_valid_order() {
    let (_folder, _keys, ca) = ca().await;
    let (account, order) = ca.ready_order().await;
    let view = ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
    assert_eq!(view.order.status(&view.authorizations, ca.now()), OrderStatus::Valid);
}

/// Calls every verb that leads to the signer with everything that is not a ready order of the
/// account.
#[tokio::test]
async fn threat_10_nothing_but_a_ready_order_of_the_account_itself_leads_to_a_signature() {
    let (_folder, keys, ca) = ca().await;
    let (owner, ready) = ca.ready_order().await;
    let stranger = ca.account().await;
    let pending = ca.parts.new_orders.create(&ca.serving, &stranger, request()).await.unwrap().order.id;

    let foreign = ca.parts.finalization.finalize(&ca.serving, &stranger, ready, &csr()).await;
    assert!(matches!(foreign, Err(Error::Refused(Refusal::NotFound))), "{foreign:?}");
    let too_early = ca.parts.finalization.finalize(&ca.serving, &stranger, pending, &csr()).await;
    assert!(matches!(too_early, Err(Error::Refused(Refusal::OrderNotReady(OrderStatus::Pending)))), "{too_early:?}");
    for (account, order) in [(&owner, ready), (&stranger, ready), (&stranger, pending)] {
        ca.parts.resumption.resume(IssuanceTask { account: account.id, order }).await.unwrap();
    }
    assert!(keys.signed().is_empty());
}

#[tokio::test]
async fn s6_nothing_is_signed_for_an_account_that_ended_meanwhile() {
    let (_folder, keys, ca) = ca().await;
    let (account, order) = ca.ready_order().await;
    keys.stop_at(Some(Moment::Away));
    ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
    let stored = ca.parts.accounts.account(&account.directory, account.id).await.unwrap();
    let end = AccountUpdate { status: Some("deactivated".to_owned()), ..AccountUpdate::default() };
    ca.parts.account_changes.update(&ca.serving, stored, &end).await.unwrap();
    keys.stop_at(None);
    ca.parts.resumption.resume(IssuanceTask { account: account.id, order }).await.unwrap();
    assert!(keys.signed().is_empty());
    let view = ca.parts.orders.order(&account, order).await.unwrap();
    assert!(matches!(view.order.state, OrderState::Invalid(_)));
}

#[tokio::test]
async fn a_signer_that_refuses_ends_the_order_with_a_reason() {
    let (_folder, keys, ca) = ca().await;
    let (account, order) = ca.ready_order().await;
    keys.stop_at(Some(Moment::Refusing));
    let view = ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
    let OrderState::Invalid(problem) = view.order.state else { panic!("the order is {:?}", view.order.state) };
    assert_eq!(problem.r#type, acme::ProblemType::ServerInternal);
    assert!(ca.queue.issuances().is_empty(), "asking again does not help");
}

#[tokio::test]
async fn a_revocation_whose_crl_was_lost_is_listed_when_it_is_asked_for_again() {
    let (_folder, _keys, ca) = ca().await;
    let (account, order) = ca.ready_order().await;
    ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
    let CertificateState::Issued { der } = ca.record(&account, order).await.value.state else { panic!("not issued") };
    // This queue discards its tasks.
    let revoke =
        || ca.parts.revocations.revoke(&ca.serving, Revoker::Account(&account), &der, RevocationReason::Superseded);
    revoke().await.unwrap();
    assert!(matches!(revoke().await, Err(Error::Refused(Refusal::AlreadyRevoked))));
    assert_eq!(ca.queue.crls().len(), 2);

    ca.clock.jump(1);
    ca.parts.crls.make(&ca.queue.crls()[0]).await.unwrap();
    assert!(matches!(revoke().await, Err(Error::Refused(Refusal::AlreadyRevoked))));
    assert_eq!(ca.queue.crls().len(), 2, "it is on the list now");
}

#[tokio::test]
async fn s18_a_certificate_is_free_again_when_a_crash_took_the_order_that_replaced_it() {
    let (_folder, _keys, ca) = ca().await;
    let (account, order) = ca.ready_order().await;
    ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
    let replaces = Some(ca.record(&account, order).await.id.to_string());
    let replace = || {
        ca.parts.new_orders.create(&ca.serving, &account, acme::NewOrder { replaces: replaces.clone(), ..request() })
    };
    let first = replace().await.unwrap().order;
    assert!(matches!(replace().await, Err(Error::Refused(Refusal::AlreadyReplaced))));
    // A mark without its order: what is left when the process stops between the two writes.
    let mut record = ca.record(&account, order).await;
    let before = record.clone();
    record.value.replacement.as_mut().unwrap().order = acme::OrderId::new(ca.now(), [9; 10]);
    record.version = store::OperationId::from_random([9; 16]);
    store::CertificateStore::update_certificate(ca.store.as_ref(), &before, &record).await.unwrap();
    assert!(matches!(replace().await, Err(Error::Refused(Refusal::AlreadyReplaced))), "it may be on its way");
    ca.clock.jump(61);
    assert_ne!(replace().await.unwrap().order.id, first.id);
}
