//! The revocation of an issuing CA: what a crash or a lost key interrupts is completed, and what
//! other processes sign meanwhile is revoked, too.

use std::sync::Arc;

use acme::IssuerRevocationReason::{KeyCompromise, Superseded};
use ca::{Certificate, Crl};
use jiff::SignedDuration;
use operator::{Error, Listing, Parts, Refusal, RevokedIssuer, Seams};
use ra::Settings;
use store::{CrlStore, IncidentStore, IssuerId, IssuerRecord, IssuerRole, IssuerState, IssuerStore};
use tempfile::TempDir;

use crate::{
    ca::{Keys, Moment, csr},
    operated::{Ca, ceremonies},
};

async fn opened(folder: &TempDir, keys: &Arc<Keys>) -> Ca {
    Ca::open(&folder.path().join("store.redb"), keys).await
}

async fn revoke(ca: &Ca) -> RevokedIssuer {
    ceremonies(&ca.operator).issuer_revocations.revoke("alice", &issuing(), KeyCompromise, None).await.unwrap()
}

fn issuing() -> IssuerId {
    "issuing".parse().unwrap()
}

async fn stored(ca: &Ca) -> IssuerRecord {
    ca.store.issuer(&issuing()).await.unwrap().unwrap()
}

/// The CRL of the root, if there is one, and whether it lists the issuer.
async fn root_crl(ca: &Ca) -> Option<(Crl, bool)> {
    let crl = ca.store.crl(&"root".parse().unwrap(), 0).await.unwrap()?;
    let crl = Crl::from_der(&crl.der).unwrap();
    let own = Certificate::from_der(&stored(ca).await.certificate.unwrap().0).unwrap();
    let lists = crl.lists(own.certificate_id().serial()).unwrap();
    Some((crl, lists))
}

fn days(crl: &Crl) -> i64 {
    crl.next_update().duration_since(crl.this_update()).as_hours() / 24
}

#[tokio::test]
async fn a_revocation_that_crashed_at_the_signature_of_the_root_is_on_record_and_is_completed_by_the_next_one() {
    let (folder, keys) = (TempDir::new().unwrap(), Arc::new(Keys::default()));
    let ca = opened(&folder, &keys).await;
    let (account, order) = ca.ready_order().await;
    ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
    ca.parts.crls.make_due(IssuerRole::Root).await.unwrap();
    assert_eq!(root_crl(&ca).await.map(|(crl, lists)| (days(&crl), lists)), Some((180, false)));

    keys.stop_at(Some(Moment::BeforeSigning));
    let crashing = ca.clone();
    let mut call = tokio::spawn(async move { revoke(&crashing).await });
    tokio::select! {
        () = keys.stopped.notified() => call.abort(),
        done = &mut call => panic!("the root signed nothing: {done:?}"),
    }
    assert!(call.await.unwrap_err().is_cancelled());
    drop(ca);
    keys.stop_at(None);

    let ca = opened(&folder, &keys).await;
    assert_eq!(stored(&ca).await.state(), IssuerState::Revoked, "what is intended comes first");
    assert_eq!(root_crl(&ca).await.map(|(_, lists)| lists), Some(false));
    assert_eq!(ca.store.incidents().await.unwrap(), []);
    let revoked = revoke(&ca).await;
    assert!(matches!(revoked.listing, Listing::Listed), "{revoked:?}");
    assert_eq!(root_crl(&ca).await.map(|(crl, lists)| (days(&crl), lists)), Some((30, true)));
    assert!(ca.record(&account, order).await.revocation.is_some(), "its certificates are revoked");
    assert_eq!(revoke(&ca).await.incident, revoked.incident, "declared once");
    assert_eq!(ca.store.incidents().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_root_that_cannot_sign_prevents_nothing_else_and_lists_the_issuer_when_it_can() {
    let (folder, keys) = (TempDir::new().unwrap(), Arc::new(Keys::default()));
    let ca = opened(&folder, &keys).await;
    let (account, order) = ca.ready_order().await;
    ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
    ca.parts.crls.make_due(IssuerRole::Root).await.unwrap();
    keys.stop_at(Some(Moment::Away));
    let revoked = revoke(&ca).await;
    assert!(matches!(revoked.listing, Listing::Unlisted(_)), "{revoked:?}");
    assert_eq!(revoked.out_of_service, ["default".parse().unwrap()]);
    assert!(ca.record(&account, order).await.revocation.is_some());
    assert_eq!(root_crl(&ca).await.map(|(_, lists)| lists), Some(false));
    keys.stop_at(None);
    // As every day on AWS, and every minute in one process.
    ca.parts.crls.make_due(IssuerRole::Root).await.unwrap();
    assert_eq!(root_crl(&ca).await.map(|(_, lists)| lists), Some(true));
    assert!(matches!(revoke(&ca).await.listing, Listing::Listed));
    let lowered = ceremonies(&ca.operator).issuer_revocations.revoke("alice", &issuing(), Superseded, None).await;
    assert!(matches!(lowered, Err(Error::Refused(Refusal::Issuer(_)))), "{lowered:?}");
}

#[tokio::test]
async fn an_issuer_below_an_external_ca_is_retired_with_its_certificates_and_left_to_that_ca() {
    let (folder, keys) = (TempDir::new().unwrap(), Arc::new(Keys::default()));
    let ca = opened(&folder, &keys).await;
    let (account, order) = ca.ready_order().await;
    ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
    ca.parts.crls.make_due(IssuerRole::Root).await.unwrap();
    let own = stored(&ca).await;
    let external = IssuerRecord { parent: own.id.clone(), ..own.clone() };
    ca.store.update_issuer(&own, &external).await.unwrap();
    let revoked = revoke(&ca).await;
    assert!(matches!(revoked.listing, Listing::External), "{revoked:?}");
    assert_eq!(stored(&ca).await.state(), IssuerState::Revoked);
    assert_eq!(root_crl(&ca).await.map(|(_, lists)| lists), Some(false));
    assert!(ca.record(&account, order).await.revocation.is_some());
}

#[tokio::test]
async fn what_another_process_signs_before_it_knows_of_the_revocation_is_revoked_too() {
    let (folder, keys) = (TempDir::new().unwrap(), Arc::new(Keys::default()));
    let ca = opened(&folder, &keys).await;
    ca.ready_order().await;
    let seams = Seams::over(ca.store.clone(), keys.clone(), ca.queue.clone(), Arc::new(()), ca.clock.clone());
    let elsewhere = Parts::new(seams, ca.queue.clone(), &Settings::default());
    let revoked =
        ceremonies(&elsewhere).issuer_revocations.revoke("alice", &issuing(), KeyCompromise, None).await.unwrap();
    assert!(matches!(revoked.listing, Listing::Listed), "{revoked:?}");
    let (account, order) = ca.ready_order().await;
    ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.unwrap();
    assert_eq!(ca.record(&account, order).await.revocation, None, "it was signed from memory");
    ca.clock.jump(SignedDuration::from_secs(10).as_secs());
    while elsewhere.staged_revocations.proceed().await.unwrap() {}
    assert!(ca.record(&account, order).await.revocation.is_some());
}
