//! Issuers.

use acme::IssuerRevocationReason;

use super::{
    Tried, WORKS, assert_conflict,
    fixture::{at, issuer},
};
use crate::{Creation, IssuerRecord, IssuerRevocation, IssuerState};

/// Creating an issuer again does not replace it.
pub async fn an_issuer_is_made_once(store: Tried) {
    let first = issuer();
    let mut rival = issuer();
    rival.id = first.id.clone();
    assert_eq!(store.issuer(&first.id).await.expect(WORKS), None, "before it was made");
    assert_eq!(store.create_issuer_if_absent(&first).await.expect(WORKS), Creation::Created);
    let again = store.create_issuer_if_absent(&rival).await.expect(WORKS);
    assert_eq!(again, Creation::Existing(first.clone()), "the first one stays");
    assert_eq!(store.issuer(&first.id).await.expect(WORKS).as_ref(), Some(&first));
    let second = issuer();
    store.create_issuer_if_absent(&second).await.expect(WORKS);
    let mut all = [first, second];
    all.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(store.issuers().await.expect(WORKS), all, "all issuers, by id");
}

/// An issuer that waits for its certificate gets it, and is retired later; a write that is based on
/// an earlier state changes nothing.
pub async fn an_issuer_changes_only_from_what_is_stored(store: Tried) {
    let installed = issuer();
    let requested = IssuerRecord { certificate: None, request: installed.certificate.clone(), ..installed.clone() };
    let installed = IssuerRecord { chain: installed.certificate.iter().cloned().collect(), ..installed };
    let retired = IssuerRecord { retired_at: Some(at(0)), ..installed.clone() };
    assert_conflict(store.update_issuer(&requested, &installed).await, "there is none yet");
    store.create_issuer_if_absent(&requested).await.expect(WORKS);
    for _ in 0..2 {
        store.update_issuer(&requested, &installed).await.expect(WORKS);
        assert_eq!(store.issuers().await.expect(WORKS), std::slice::from_ref(&installed), "twice is once");
    }
    assert_conflict(store.update_issuer(&requested, &retired).await, "it has its certificate by now");
    store.update_issuer(&installed, &retired).await.expect(WORKS);
    let stored = store.issuer(&retired.id).await.expect(WORKS).expect(WORKS);
    assert_eq!((stored.state(), &stored), (IssuerState::Retired, &retired));
    let revocation = IssuerRevocation { at: at(1), reason: IssuerRevocationReason::CaCompromise, raised_at: None };
    let revoked = IssuerRecord { revocation: Some(revocation), ..retired.clone() };
    store.update_issuer(&retired, &revoked).await.expect(WORKS);
    assert_conflict(store.update_issuer(&retired, &installed).await, "it is revoked by now");
    let stored = store.issuer(&revoked.id).await.expect(WORKS).expect(WORKS);
    assert_eq!((stored.state(), &stored), (IssuerState::Revoked, &revoked));
}
