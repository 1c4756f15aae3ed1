//! Many certificates, slice by slice: an interrupted revocation continues, and no CRL is requested
//! twice.

use std::sync::Arc;

use acme::{Account, IncidentId, RevocationReason};
use authority::CrlTask;
use jiff::SignedDuration;
use operator::{IncidentPlan, RevocationPlan};
use store::{CertificateStore, Incident, IncidentStore, Selection, Versioned};
use tempfile::TempDir;

use crate::{
    ca::{Keys, csr},
    operated::Ca,
};

/// A CA that has issued this number of certificates and looks at two of them at a time.
async fn with_certificates(folder: &TempDir, keys: &Arc<Keys>, count: usize) -> (Ca, Account) {
    let ca = opened(folder, keys).await;
    let (mut account, mut made) = (None, 0);
    while made < count {
        let (owner, order) = ca.ready_order().await;
        ca.parts.finalization.finalize(&ca.serving, &owner, order, &csr()).await.unwrap();
        account = Some(owner);
        made += 1;
    }
    (ca, account.unwrap())
}

async fn opened(folder: &TempDir, keys: &Arc<Keys>) -> Ca {
    Ca::open(&folder.path().join("store.redb"), keys).await
}

async fn revoking(ca: &Ca) -> Incident {
    let plan = IncidentPlan {
        description: "a fault".to_owned(),
        explanation_url: None,
        affected: everything(),
        counted: None,
        renew_within: SignedDuration::from_hours(24),
        revocation: Some(RevocationPlan { reason: RevocationReason::Superseded, after: SignedDuration::ZERO }),
        settling: SignedDuration::ZERO,
    };
    ca.operator.incidents.declare("alice", plan).await.unwrap()
}

fn everything() -> Selection {
    Selection { issuer: Some("issuing".parse().unwrap()), ..Selection::default() }
}

async fn stored(ca: &Ca, id: IncidentId) -> Versioned<Incident> {
    ca.store.incidents().await.unwrap().into_iter().find(|incident| incident.id == id).unwrap()
}

/// The number of revoked certificates, according to their records.
async fn revoked(ca: &Ca) -> usize {
    let mut count = 0;
    let mut position = None;
    loop {
        let slice = ca.operator.selections.slice(&everything(), position.as_ref()).await.unwrap();
        count += slice.certificates.iter().filter(|certificate| certificate.revocation.is_some()).count();
        position = slice.next;
        if position.is_none() {
            return count;
        }
    }
}

#[tokio::test]
async fn a_staged_revocation_that_crashed_between_slices_goes_on_where_it_was() {
    let (folder, keys) = (TempDir::new().unwrap(), Arc::default());
    let (ca, _) = with_certificates(&folder, &keys, 5).await;
    let incident = revoking(&ca).await;
    assert!(ca.operator.staged_revocations.proceed().await.unwrap());
    assert_eq!((revoked(&ca).await, stored(&ca, incident.id).await.revocation.as_ref().unwrap().revoked), (2, 2));
    drop(ca);
    let ca = opened(&folder, &keys).await;
    while ca.operator.staged_revocations.proceed().await.unwrap() {}
    let revocation = stored(&ca, incident.id).await.value.revocation.unwrap();
    assert_eq!((revoked(&ca).await, revocation.revoked), (5, 5));
    assert!(revocation.finished_at.is_some() && revocation.position.is_none());
}

#[tokio::test]
async fn a_staged_revocation_that_crashed_within_a_slice_does_it_again_and_counts_each_certificate_once() {
    let (folder, keys) = (TempDir::new().unwrap(), Arc::default());
    let (ca, _) = with_certificates(&folder, &keys, 5).await;
    let incident = revoking(&ca).await;
    let before = stored(&ca, incident.id).await;
    ca.operator.staged_revocations.proceed().await.unwrap();
    // The certificates are revoked, but the incident does not record it yet.
    let after = stored(&ca, incident.id).await;
    let lost = Versioned::new(before.value.clone(), store::OperationId::from_random([7; 16]));
    ca.store.put_incident(Some(after.version), &lost).await.unwrap();
    while ca.operator.staged_revocations.proceed().await.unwrap() {}
    let revocation = stored(&ca, incident.id).await.value.revocation.unwrap();
    assert_eq!((revoked(&ca).await, revocation.revoked), (5, 5));
}

#[tokio::test]
async fn an_ended_incident_revokes_no_further_certificate() {
    let (folder, keys) = (TempDir::new().unwrap(), Arc::default());
    let (ca, _) = with_certificates(&folder, &keys, 3).await;
    let incident = revoking(&ca).await;
    ca.operator.staged_revocations.proceed().await.unwrap();
    ca.operator.incidents.end("alice", incident.id).await.unwrap();
    assert!(!ca.operator.staged_revocations.proceed().await.unwrap());
    assert_eq!(revoked(&ca).await, 2);
}

#[tokio::test]
async fn many_certificates_are_revoked_in_slices_with_one_list_for_each() {
    let (folder, keys) = (TempDir::new().unwrap(), Arc::default());
    let (ca, account) = with_certificates(&folder, &keys, 5).await;
    let reason = RevocationReason::Superseded;
    let of_one = Selection { account: Some(account.id), ..Selection::default() };
    let slice = ca.operator.revocations.revoke_selected("alice", &of_one, reason, None).await.unwrap();
    assert_eq!((slice.revoked, slice.already, slice.next), (1, 0, None));
    let (mut counts, mut position) = (Vec::new(), None);
    loop {
        let slice =
            ca.operator.revocations.revoke_selected("alice", &everything(), reason, position.as_ref()).await.unwrap();
        counts.push(slice.revoked + slice.already);
        position = slice.next;
        if position.is_none() {
            break;
        }
    }
    assert_eq!(counts.iter().sum::<usize>(), 5);
    assert!(counts.iter().all(|count| *count <= 2), "{counts:?}");
    assert_eq!(revoked(&ca).await, 5);
    let list = CrlTask { issuer: "issuing".parse().unwrap(), shard: 0 };
    let asked = ca.queue.crls();
    assert!(asked.iter().all(|task| *task == list));
    assert!((4..=5).contains(&asked.len()), "one for each slice that needs one: {}", asked.len());
}

#[tokio::test]
async fn a_certificate_that_is_intended_is_revoked_because_its_signature_may_exist() {
    let (folder, keys) = (TempDir::new().unwrap(), Arc::new(Keys::default()));
    let ca = opened(&folder, &keys).await;
    let (account, order) = ca.ready_order().await;
    keys.stop_at(Some(crate::ca::Moment::Away));
    ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
    let intended = ca.record(&account, order).await;
    let reason = RevocationReason::Superseded;
    let slice = ca.operator.revocations.revoke_selected("alice", &everything(), reason, None).await.unwrap();
    assert_eq!(slice.revoked, 1);
    keys.stop_at(None);
    ca.parts.resumption.resume(authority::IssuanceTask { account: account.id, order }).await.unwrap();
    let issued = ca.store.certificate(&intended.id).await.unwrap().unwrap();
    assert!(issued.revocation.is_some(), "it stays revoked");
}
