//! Adding and retiring issuers: when other processes notice, and what is no longer signed.

use std::sync::Arc;

use acme::OrderState;
use authority::IssuanceTask;
use ca::{AuthorityName, KeyHandle};
use jiff::SignedDuration;
use operator::{Error, IssuerKey, IssuerRefusal, NewIssuer, Refusal, RollOver};
use store::{IssuerRecord, IssuerState, ProfileStore};
use tempfile::TempDir;

use crate::{
    ca::{Keys, Moment, Tasks, csr, request},
    operated::{Ca, ceremonies},
};

async fn ca() -> (TempDir, Arc<Keys>, Ca) {
    let (folder, keys) = (TempDir::new().unwrap(), Arc::new(Keys::default()));
    let ca = Ca::open(&folder.path().join("store.redb"), &keys).await;
    (folder, keys, ca)
}

async fn add(ca: &Ca, id: &str) -> Result<IssuerRecord, Error> {
    let new = NewIssuer {
        id: id.parse().unwrap(),
        subject: AuthorityName::new(format!("Test {id}"), None).unwrap(),
        key: IssuerKey::Held(KeyHandle::new(id)),
        lifetime: SignedDuration::from_hours(24 * 100),
        crl_shards: 2,
        crl_backdate: store::CrlBackdate::default(),
        constraints: None,
    };
    ca.operator.issuer_changes.add("alice", new).await
}

#[tokio::test]
async fn other_processes_see_a_retirement_within_ten_seconds() {
    let (_folder, _keys, ca) = ca().await;
    let (other, _) = ca.process(Arc::new(Tasks::default()));
    let account = ca.account().await;
    other.new_orders.create(&ca.serving, &account, request()).await.unwrap();
    add(&ca, "second").await.unwrap();
    ca.operator.issuer_changes.retire("alice", &"issuing".parse().unwrap(), true).await.unwrap();
    let here = ca.parts.new_orders.create(&ca.serving, &account, request()).await;
    assert!(matches!(here, Err(ra::Error::Refused(ra::Refusal::IssuerOff(_, IssuerState::Retired)))), "{here:?}");
    ca.clock.jump(10);
    let there = other.new_orders.create(&ca.serving, &account, request()).await;
    assert!(matches!(there, Err(ra::Error::Refused(ra::Refusal::IssuerOff(_, IssuerState::Retired)))), "{there:?}");
}

#[tokio::test]
async fn what_was_intended_before_the_retirement_is_not_signed_after() {
    let (_folder, keys, ca) = ca().await;
    let (account, order) = ca.ready_order().await;
    keys.stop_at(Some(Moment::Away));
    ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
    keys.stop_at(None);
    add(&ca, "second").await.unwrap();
    ca.operator.issuer_changes.retire("alice", &"issuing".parse().unwrap(), true).await.unwrap();
    ca.parts.resumption.resume(IssuanceTask { account: account.id, order }).await.unwrap();
    assert!(keys.signed().is_empty());
    let view = ca.parts.orders.order(&account, order).await.unwrap();
    assert!(matches!(view.order.state, OrderState::Invalid(_)));
}

#[tokio::test]
async fn a_new_issuer_has_its_crls_asked_for_and_shares_neither_name_nor_key() {
    let (_folder, _keys, ca) = ca().await;
    let made = add(&ca, "second").await.unwrap();
    assert_eq!((made.state(), made.crl_shards), (IssuerState::Active, 2));
    let asked: Vec<u16> = ca.queue.crls().iter().filter(|task| task.issuer == made.id).map(|task| task.shard).collect();
    assert_eq!(asked, [0, 1]);
    let again = add(&ca, "second").await;
    assert!(matches!(again, Err(Error::Refused(Refusal::Issuer(IssuerRefusal::Exists(..))))), "{again:?}");
}

#[tokio::test]
async fn a_roll_over_that_a_crash_interrupted_is_completed_by_the_next_one() {
    let (_folder, _keys, ca) = ca().await;
    // The crash came after the new issuer was created and before any profile was changed.
    let made = add(&ca, "second").await.unwrap();
    let roll = RollOver { old: "issuing".parse().unwrap(), new: made.id.clone(), name: None, key: None };
    let rolled = ceremonies(&ca.operator).roll_overs.roll_over("alice", roll.clone()).await.unwrap();
    assert_eq!((rolled.issuer.id, rolled.differences.len()), (made.id.clone(), 1));
    assert_eq!(ca.store.profiles().await.unwrap().ra_profile[0].issuer, made.id);
    assert_eq!(ceremonies(&ca.operator).roll_overs.roll_over("alice", roll).await.unwrap().differences, []);
    // Back again, with numbers that no issuer has yet.
    let next = |old: &str, new: &str| RollOver {
        old: old.parse().unwrap(),
        new: new.parse().unwrap(),
        name: None,
        key: Some(KeyHandle::new(new)),
    };
    for (old, new, subject) in [("second", "third", "CN=Test second 2"), ("third", "fourth", "CN=Test second 3")] {
        let rolled = ceremonies(&ca.operator).roll_overs.roll_over("alice", next(old, new)).await.unwrap();
        let certificate = ca::Certificate::from_der(&rolled.issuer.certificate.unwrap().0).unwrap();
        assert_eq!(certificate.subject(), subject);
        assert_eq!(rolled.issuer.crl_shards, 2, "of the same shape");
    }
}
