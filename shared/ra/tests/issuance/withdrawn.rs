//! Challenge types and networks that the operator withdrew: what was made under the older rules is
//! measured by the present ones.

use std::sync::Arc;

use acme::{Account, AuthorizationId, AuthorizationStatus, ChallengeType, Observation};
use authority::ValidationTask;
use ra::{Directory, Error, IdentifierRefusal, Refusal};
use store::{AcmeProfile, Perspectives, ProfileSet, ProfileStore};
use tempfile::TempDir;

use crate::ca::{Ca, Keys, csr, request};

#[tokio::test]
async fn n16_what_was_shown_by_a_withdrawn_challenge_type_counts_for_nothing() {
    let (_folder, ca) = ca().await;
    let (account, order) = ca.ready_order().await;
    let narrow = with(&ca, |acme| acme.challenge_types = vec![ChallengeType::Dns01]);
    assert!(is_withdrawn(ca.parts.finalization.finalize(&narrow, &account, order, &csr()).await));
    assert!(ca.keys.signed().is_empty());
    let before = authorization_of(&ca, &ca.serving, &account).await;
    let again = authorization_of(&ca, &narrow, &account).await;
    assert_ne!(again, before, "it is shown again");
    assert!(ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.is_ok(), "it is as it was");
}

#[tokio::test]
async fn n16_a_withdrawn_challenge_is_not_started() {
    let (_folder, ca) = ca().await;
    let account = ca.account().await;
    let id = authorization_of(&ca, &ca.serving, &account).await;
    let narrow = with(&ca, |acme| acme.challenge_types = vec![ChallengeType::Dns01]);
    let started = ca.parts.challenges.initiate(&narrow, &account, id, ChallengeType::Http01, &[]).await;
    assert!(matches!(started, Err(Error::Refused(Refusal::ChallengeWithdrawn(ChallengeType::Http01)))), "{started:?}");
    let denied = with(&ca, |acme| acme.denied_identifiers = vec![".example.test".parse().unwrap()]);
    let started = ca.parts.challenges.initiate(&denied, &account, id, ChallengeType::Http01, &[]).await;
    assert!(matches!(started, Err(Error::Refused(Refusal::Identifiers(_)))), "{started:?}");
    assert!(ca.queue.validations().is_empty());
    assert_eq!(authorization_of(&ca, &narrow, &account).await, id, "it can still be shown in another way");
    ca.parts.challenges.initiate(&narrow, &account, id, ChallengeType::Dns01, &[]).await.unwrap();
}

#[tokio::test]
async fn n16_a_challenge_that_is_withdrawn_before_a_worker_takes_it_fails() {
    let (_folder, ca) = ca().await;
    let account = ca.account().await;
    let id = authorization_of(&ca, &ca.serving, &account).await;
    ca.parts.challenges.initiate(&ca.serving, &account, id, ChallengeType::Http01, &[]).await.unwrap();
    let narrow = with(&ca, |acme| acme.challenge_types = vec![ChallengeType::Dns01]);
    let stored = ca.store.profiles().await.unwrap();
    let wanted = ProfileSet { acme_profile: vec![narrow.acme.clone()], ..stored.clone() };
    ca.store.apply_profiles(&wanted.changes_from(&stored)).await.unwrap();
    ca.clock.jump(11);
    let task = ValidationTask { account: account.id, authorization: id, challenge: ChallengeType::Http01 };
    assert!(ca.parts.validations.job(task).await.unwrap().is_none());
    let authorization = ca.parts.authorizations.authorization(&account, id).await.unwrap();
    assert_eq!(authorization.status(ca.now()), AuthorizationStatus::Invalid);
    assert!(authorization.error(ca.now()).unwrap().detail.contains("no longer validates"));
}

#[tokio::test]
async fn n16_what_was_shown_in_a_withdrawn_network_counts_for_nothing() {
    let (_folder, ca) = ca().await;
    let account = ca.account().await;
    let wide = with_networks(&ca, &["10.0.0.0/8"]);
    let order = ca.parts.new_orders.create(&wide, &account, request()).await.unwrap().order;
    let id = order.authorizations[0];
    ca.parts.challenges.initiate(&wide, &account, id, ChallengeType::Http01, &[]).await.unwrap();
    let task = ValidationTask { account: account.id, authorization: id, challenge: ChallengeType::Http01 };
    let job = ca.parts.validations.job(task).await.unwrap().unwrap();
    let (address, network) = ("10.1.2.3".parse().ok(), Some("10.0.0.0/8".to_owned()));
    let observed = Observation { address, network, ..Observation::default() };
    ca.parts.validations.succeeded(job, vec![observed]).await.unwrap();
    for (networks, counts) in [
        (&["10.0.0.0/8"][..], true),
        (&["10.1.0.0/16"], true),
        (&["192.168.0.0/16", "10.1.2.3/32"], true),
        (&[], false),
        (&["10.2.0.0/16"], false),
        // A larger network may allow less: loopback addresses need one of their own.
        (&["0.0.0.0/0"], false),
    ] {
        let serving = with_networks(&ca, networks);
        assert_eq!(authorization_of(&ca, &serving, &account).await == id, counts, "{networks:?}");
        if !counts {
            let refused = ca.parts.finalization.finalize(&serving, &account, order.id, &csr()).await;
            assert!(is_withdrawn(refused), "{networks:?}");
        }
    }
}

#[tokio::test]
async fn n16_what_a_test_switch_let_through_counts_for_nothing_once_it_is_off() {
    let (_folder, ca) = ca().await;
    let on = Directory { counts_unvalidated: true, ..Directory::clone(&ca.serving) };
    let account = ca.account().await;
    let order = ca.parts.new_orders.create(&on, &account, request()).await.unwrap().order;
    let id = order.authorizations[0];
    ca.parts.challenges.initiate(&on, &account, id, ChallengeType::Http01, &[]).await.unwrap();
    let task = ValidationTask { account: account.id, authorization: id, challenge: ChallengeType::Http01 };
    let job = ca.parts.validations.job(task).await.unwrap().unwrap();
    let observed = Observation { test_switch: true, ..Observation::default() };
    ca.parts.validations.succeeded(job, vec![observed]).await.unwrap();
    assert_eq!(authorization_of(&ca, &on, &account).await, id, "it counts as long as the switch is on");

    let refused = ca.parts.finalization.finalize(&ca.serving, &account, order.id, &csr()).await;
    let Err(Error::Refused(Refusal::Identifiers(refused))) = refused else { panic!("{refused:?}") };
    assert!(matches!(&refused[0].1, IdentifierRefusal::Policy(reason) if reason.contains("a test switch was on")));
    assert!(ca.keys.signed().is_empty());
    assert_ne!(authorization_of(&ca, &ca.serving, &account).await, id, "it is shown again");
}

#[tokio::test]
async fn threat_24_what_no_other_network_saw_counts_for_nothing_once_it_has_to() {
    let (_folder, ca) = ca().await;
    let (account, order) = ca.ready_order().await;
    let before = authorization_of(&ca, &ca.serving, &account).await;
    let demanding = with(&ca, |acme| acme.perspectives = Some(Perspectives::Enforce));
    let refused = ca.parts.finalization.finalize(&demanding, &account, order, &csr()).await;
    let Err(Error::Refused(Refusal::Identifiers(refused))) = refused else { panic!("{refused:?}") };
    assert!(matches!(&refused[0].1, IdentifierRefusal::Policy(reason) if reason.contains("no other networks")));
    let order = ca.parts.new_orders.create(&demanding, &account, request()).await.unwrap().order;
    let id = order.authorizations[0];
    assert_ne!(id, before, "it is shown again");

    ca.parts.challenges.initiate(&demanding, &account, id, ChallengeType::Http01, &[]).await.unwrap();
    let task = ValidationTask { account: account.id, authorization: id, challenge: ChallengeType::Http01 };
    let job = ca.parts.validations.job(task).await.unwrap().unwrap();
    let remote = Observation { perspective: Some("fra".to_owned()), ..Observation::default() };
    ca.parts.validations.succeeded(job, vec![Observation::default(), remote]).await.unwrap();
    assert_eq!(authorization_of(&ca, &demanding, &account).await, id);
    assert!(ca.parts.finalization.finalize(&demanding, &account, order.id, &csr()).await.is_ok());
}

async fn ca() -> (TempDir, Ca) {
    let folder = TempDir::new().unwrap();
    let ca = Ca::open(&folder.path().join("store.redb"), &Arc::new(Keys::default())).await;
    (folder, ca)
}

fn with(ca: &Ca, change: impl FnOnce(&mut AcmeProfile)) -> Directory {
    let mut serving = Directory::clone(&ca.serving);
    change(&mut serving.acme);
    serving
}

fn with_networks(ca: &Ca, networks: &[&str]) -> Directory {
    with(ca, |acme| acme.allowed_networks = networks.iter().map(|network| network.parse().unwrap()).collect())
}

/// The authorization of a new order.
async fn authorization_of(ca: &Ca, serving: &Directory, account: &Account) -> AuthorizationId {
    ca.parts.new_orders.create(serving, account, request()).await.unwrap().order.authorizations[0]
}

fn is_withdrawn<T>(result: Result<T, Error>) -> bool {
    let Err(Error::Refused(Refusal::Identifiers(refused))) = result else { return false };
    refused.iter().all(
        |(_, refusal)| matches!(refusal, IdentifierRefusal::Policy(reason) if reason.contains("no longer accepts")),
    )
}
