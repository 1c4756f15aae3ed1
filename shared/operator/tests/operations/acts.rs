//! What operators do: each act takes effect at once, and is recorded with its actor.

use std::sync::Arc;

use acme::{AccountStatus, NewAccount, RevocationReason};
use jiff::SignedDuration;
use operator::{Error, FormerHolders, IncidentPlan, Refusal};
use store::{AppliedConfiguration, AuditStore, FirstProfiles, ProfileSet, ProfileStore, Selection};
use tempfile::TempDir;

use crate::{
    ca::{Keys, NEW_ACCOUNT, account_key, csr},
    operated::Ca,
};

async fn ca() -> (TempDir, Ca) {
    let folder = TempDir::new().unwrap();
    let ca = Ca::open(&folder.path().join("store.redb"), &Arc::new(Keys::default())).await;
    (folder, ca)
}

/// The audit records, oldest first: actor, action, subject.
async fn record(ca: &Ca) -> Vec<(String, String, String)> {
    let page = ca.store.audit(None, 100).await.unwrap();
    page.items.into_iter().rev().map(|act| (act.actor, act.action, act.subject)).collect()
}

fn act(action: &str, subject: impl ToString) -> (String, String, String) {
    ("alice".to_owned(), action.to_owned(), subject.to_string())
}

#[tokio::test]
async fn p6_a_disabled_account_is_refused_until_it_is_enabled() {
    let (_folder, ca) = ca().await;
    let (operator, account) = (&ca.operator, ca.account().await);
    let directory = &ca.serving.directory;
    for _ in 0..2 {
        let disabled = operator.accounts.disable("alice", account.id).await.unwrap();
        assert_eq!(disabled.status, AccountStatus::Revoked);
    }
    let refused = ca.parts.accounts.account(directory, account.id).await;
    assert!(
        matches!(refused, Err(ra::Error::Refused(ra::Refusal::AccountEnded(AccountStatus::Revoked)))),
        "{refused:?}"
    );
    operator.accounts.enable("alice", account.id).await.unwrap();
    assert!(ca.parts.accounts.account(directory, account.id).await.is_ok());
    operator.accounts.end("alice", account.id).await.unwrap();
    let gone = operator.accounts.enable("alice", account.id).await;
    assert!(matches!(gone, Err(Error::Refused(Refusal::AccountEnded(AccountStatus::Deactivated)))), "{gone:?}");
    let acts = ["account disable", "account enable", "account deactivate"].map(|action| act(action, account.id));
    assert_eq!(record(&ca).await, acts, "what changed nothing is not on record");
    let unknown = acme::AccountId::new(account.created_at, [9; 10]);
    assert!(matches!(operator.accounts.disable("alice", unknown).await, Err(Error::Refused(Refusal::NotFound))));
}

#[tokio::test]
async fn an_operator_revokes_a_certificate_and_blocks_its_key_when_it_is_compromised() {
    let (_folder, ca) = ca().await;
    let (operator, (account, order)) = (&ca.operator, ca.ready_order().await);
    let request = csr();
    ca.parts.finalization.finalize(&ca.serving, &account, order, &request).await.unwrap();
    let id = ca.record(&account, order).await.value.id;
    let revoked = operator.revocations.revoke("alice", &id, RevocationReason::KeyCompromise).await.unwrap();
    assert_eq!(revoked.revocation.unwrap().reason, RevocationReason::KeyCompromise);
    assert_eq!(ca.queue.crls().len(), 1, "a CRL is asked for");
    let again = operator.revocations.revoke("alice", &id, RevocationReason::Superseded).await;
    assert!(matches!(again, Err(Error::Refused(Refusal::AlreadyRevoked))), "{again:?}");
    assert_eq!(operator.blocked_keys.page(None, 10).await.unwrap().items.len(), 1);
    assert_eq!(record(&ca).await, [act("certificate revoke", &id)]);
}

#[tokio::test]
async fn a_blocked_key_makes_no_account() {
    let (_folder, ca) = ca().await;
    let key = account_key();
    ca.operator.blocked_keys.block_key("alice", &key.thumbprint(), FormerHolders::Kept).await.unwrap();
    let refused = ca.parts.registrations.create(&ca.serving, key.clone(), &NewAccount::default(), NEW_ACCOUNT).await;
    assert!(matches!(refused, Err(ra::Error::Refused(ra::Refusal::KeyBlocked))), "{refused:?}");
    assert_eq!(record(&ca).await, [act("key block", key.thumbprint())]);
}

#[tokio::test]
async fn s18_a_declared_incident_moves_renewal_information_at_once_and_its_end_moves_it_back() {
    let (_folder, ca) = ca().await;
    let (operator, (account, order)) = (&ca.operator, ca.ready_order().await);
    ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
    let id = ca.record(&account, order).await.value.id;
    let usual = ca.parts.renewal_infos.of(&id).await.unwrap();
    let now = acme::whole_seconds(ca.now());
    let plan = IncidentPlan {
        description: "a fault".to_owned(),
        explanation_url: Some("https://ca.example/1".to_owned()),
        affected: Selection { account: Some(account.id), ..Selection::default() },
        counted: None,
        renew_within: SignedDuration::from_hours(24),
        revocation: None,
        settling: SignedDuration::ZERO,
    };
    let incident = operator.incidents.declare("alice", plan).await.unwrap();
    let moved = ca.parts.renewal_infos.of(&id).await.unwrap();
    assert_eq!((moved.suggested_window.start, moved.suggested_window.end), (incident.declared_at, incident.renew_by));
    assert!(incident.declared_at >= now && incident.declared_by == "alice");
    assert_eq!(moved.explanation_url, incident.explanation_url);
    operator.incidents.end("alice", incident.id).await.unwrap();
    assert_eq!(ca.parts.renewal_infos.of(&id).await.unwrap(), usual);
    assert_eq!(record(&ca).await, [act("incident declare", incident.id), act("incident end", incident.id)]);
}

#[tokio::test]
async fn n15_first_profiles_are_made_once_and_on_record() {
    let (_folder, ca) = ca().await;
    let first = ca.store.profiles().await.unwrap();
    let none = ProfileSet::default();
    ca.store.apply_profiles(&none.changes_from(&first)).await.unwrap();
    ca.initial_profiles().mark_new_store().await.unwrap();
    ca.initial_profiles().ensure("bootstrap", &first).await.unwrap();
    assert_eq!(ca.store.profiles().await.unwrap(), none, "a store with issuers is not new");

    let new = AppliedConfiguration { first_profiles: FirstProfiles::Due, ..AppliedConfiguration::default() };
    ca.store.put_applied_configuration(&new).await.unwrap();
    for _ in 0..2 {
        ca.initial_profiles().mark_new_store().await.unwrap();
        ca.initial_profiles().ensure("bootstrap", &first).await.unwrap();
        assert_eq!(ca.store.profiles().await.unwrap(), first);
    }
    let made = |subject: &str| ("bootstrap".to_owned(), "apply".to_owned(), subject.to_owned());
    assert_eq!(record(&ca).await, [made("acmeProfile.default"), made("raProfile.default")]);

    ca.operator.profiles.apply("alice", &none).await.unwrap();
    ca.initial_profiles().ensure("bootstrap", &first).await.unwrap();
    assert_eq!(ca.store.profiles().await.unwrap(), none, "an operator deleted them");
}
