//! Certificates, revoked certificates and blocked keys.

use acme::RevocationReason;

use super::{
    Tried, WORKS, assert_conflict,
    fixture::{DAY, at, certificate, certificate_of, issued, issuer_id, key, raised, revoked, serial, with_receipt},
};
use crate::RevokedCertificate;

/// The life of a certificate; an intended one can be revoked too.
pub async fn a_certificate_is_intended_then_issued_then_revoked(store: Tried) {
    let intended = certificate();
    let id = &intended.id;
    assert_eq!(store.certificate(id).await.expect(WORKS), None, "before it was intended");
    store.intend_certificate(&intended).await.expect(WORKS);
    assert_eq!(store.certificate(id).await.expect(WORKS).as_ref(), Some(&intended));

    let signed = issued(&intended);
    store.update_certificate(&intended, &signed).await.expect(WORKS);
    assert_eq!(store.certificate(id).await.expect(WORKS).as_ref(), Some(&signed));
    let listed = store.revoked_certificates(&intended.issuer, 0, at(0)).await.expect(WORKS);
    assert_eq!(listed, [], "it is good");

    let gone = revoked(&signed);
    store.update_certificate(&signed, &gone).await.expect(WORKS);
    assert_eq!(store.certificate(id).await.expect(WORKS).as_ref(), Some(&gone));
    assert_conflict(store.update_certificate(&signed, &revoked(&signed)).await, "it is revoked already");
    let entry = RevokedCertificate {
        serial: id.serial().clone(),
        at: at(DAY),
        reason: RevocationReason::Superseded,
        not_after: intended.not_after,
        raised_at: None,
    };
    let listed = store.revoked_certificates(&intended.issuer, 0, at(0)).await.expect(WORKS);
    assert_eq!(listed, std::slice::from_ref(&entry), "it is revoked, once");

    let worse = raised(&gone);
    store.update_certificate(&gone, &worse).await.expect(WORKS);
    let listed = store.revoked_certificates(&intended.issuer, 0, at(0)).await.expect(WORKS);
    let raised_at = Some(at(2 * DAY));
    let entry = RevokedCertificate { reason: RevocationReason::KeyCompromise, raised_at, ..entry };
    assert_eq!(listed, [entry], "it is revoked once, for the worse reason");

    let unsigned = certificate();
    store.intend_certificate(&unsigned).await.expect(WORKS);
    store.update_certificate(&unsigned, &revoked(&unsigned)).await.expect(WORKS);
    let listed = store.revoked_certificates(&unsigned.issuer, 0, at(0)).await.expect(WORKS);
    assert_eq!(listed.len(), 1, "a certificate whose signature may exist is revoked like any other");
}

/// It is there before the signature, and neither the signature nor the revocation loses it.
pub async fn a_receipt_is_stored_with_the_intention_and_stays(store: Tried) {
    let intended = with_receipt(&certificate());
    let receipt = intended.receipt.clone();
    assert!(receipt.is_some());
    store.intend_certificate(&intended).await.expect(WORKS);
    let read = async || store.certificate(&intended.id).await.expect(WORKS).expect("it is stored");
    assert_eq!(store.receipt(&read().await.value).await.expect(WORKS), receipt);
    let signed = issued(&read().await);
    store.update_certificate(&read().await, &signed).await.expect(WORKS);
    assert_eq!(store.receipt(&read().await.value).await.expect(WORKS), receipt);
    store.update_certificate(&signed, &revoked(&signed)).await.expect(WORKS);
    assert_eq!(store.receipt(&read().await.value).await.expect(WORKS), receipt);

    let without = certificate();
    store.intend_certificate(&without).await.expect(WORKS);
    assert_eq!(store.receipt(&without).await.expect(WORKS), None, "an earlier version issued it");
}

/// More than fit into one batch of any engine, and one that does not exist.
pub async fn several_certificates_come_in_the_order_asked_for(store: Tried) {
    let mut made = Vec::new();
    for _ in 0..120 {
        let intended = certificate();
        store.intend_certificate(&intended).await.expect(WORKS);
        made.push(intended);
    }
    let mut ids: Vec<_> = made.iter().map(|certificate| certificate.id.clone()).collect();
    ids.insert(60, certificate().value.id);
    assert_eq!(store.certificates(&ids).await.expect(WORKS), made, "those that are there");
    assert_eq!(store.certificates(&ids[..1]).await.expect(WORKS), made[..1]);
    assert_eq!(store.certificates(&[]).await.expect(WORKS), []);
}

/// RFC 5280 §4.1.2.2: a serial number is assigned once.
pub async fn the_id_of_a_certificate_is_taken_once(store: Tried) {
    let first = certificate();
    let mut second = certificate();
    second.value.id = first.id.clone();
    store.intend_certificate(&first).await.expect(WORKS);
    assert_conflict(store.intend_certificate(&second).await, "the id is taken");
    assert_eq!(store.certificate(&first.id).await.expect(WORKS), Some(first), "nothing changed");
}

/// The entries of a CRL of a shard.
pub async fn revoked_certificates_are_listed_by_issuer_shard_and_serial(store: Tried) {
    let (issuer, other) = (issuer_id(), issuer_id());
    let serials: [&[u8]; 4] = [&[0x01, 0x00, 0x00], &[0x7f], &[0x00, 0xff], &[0x40; 16]];
    let mut made: Vec<_> = serials.iter().map(|octets| certificate_of(&issuer, 3, serial(octets))).collect();
    made[1].value.not_after = at(10 * DAY);
    made.push(certificate_of(&issuer, 30, serial(&[0x11])));
    made.push(certificate_of(&other, 3, serial(&[0x12])));
    for intended in &made {
        store.intend_certificate(intended).await.expect(WORKS);
        store.update_certificate(intended, &revoked(intended)).await.expect(WORKS);
    }
    let octets = |listed: Vec<RevokedCertificate>| {
        listed.into_iter().map(|entry| entry.serial.as_bytes().to_vec()).collect::<Vec<_>>()
    };
    let all = store.revoked_certificates(&issuer, 3, at(0)).await.expect(WORKS);
    assert_eq!(octets(all), [serials[1], serials[2], serials[0], serials[3]], "by serial number, of this shard alone");
    let later = store.revoked_certificates(&issuer, 3, at(10 * DAY)).await.expect(WORKS);
    assert_eq!(octets(later), [serials[2], serials[0], serials[3]], "without those that have ended");
    let elsewhere = store.revoked_certificates(&other, 3, at(0)).await.expect(WORKS);
    assert_eq!(octets(elsewhere), [[0x12]], "of the other issuer");
}

/// Blocking a key again does not change the time of the first blocking.
pub async fn a_blocked_key_stays_blocked(store: Tried) {
    let (bad, good) = (key(1).thumbprint(), key(2).thumbprint());
    assert!(!store.is_key_blocked(&bad).await.expect(WORKS), "before it was blocked");
    for round in 1..=2 {
        store.block_key(&bad, at(round)).await.expect(WORKS);
        assert!(store.is_key_blocked(&bad).await.expect(WORKS), "blocked {round} times");
    }
    assert!(!store.is_key_blocked(&good).await.expect(WORKS), "other keys are not blocked");
}
