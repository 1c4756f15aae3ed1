//! Seals: a chain of places that are taken once, and the receipts of many certificates.

use super::{
    Tried, WORKS, assert_conflict,
    fixture::{DAY, at, certificate, changed, issued, seal, with_receipt},
};
use crate::{CertificateEntry, Page, SealPlace};

/// Two processes that seal the same period do not fork the chain.
pub async fn the_place_of_a_seal_is_taken_once(store: Tried) {
    assert_eq!(store.last_seal(None).await.expect(WORKS), None, "before the first");
    // Enough for any order of digits as text.
    let places = [(0, 0), (0, 1), (0, 2), (0, 10), (DAY, 0), (2 * DAY, 0), (30 * DAY, 0)];
    let seals = places.map(|(from, part)| seal(SealPlace { from: at(from), part }));
    for seal in [&seals[4], &seals[0], &seals[6], &seals[2], &seals[1], &seals[5], &seals[3]] {
        for _ in 1..=2 {
            store.put_seal(seal).await.expect(WORKS);
        }
    }
    let other = changed(&seals[1], |seal| seal.jws.push('2'));
    assert_conflict(store.put_seal(&other).await, "the place is taken");

    let all = seals.map(|seal| seal.value);
    let listed = store.seals(None, 9).await.expect(WORKS);
    assert_eq!(listed, Page { items: all.to_vec(), more: false }, "in the order of the chain");
    assert_eq!(store.seals(None, 2).await.expect(WORKS), Page { items: all[..2].to_vec(), more: true });
    let rest = store.seals(Some(all[1].place), 9).await.expect(WORKS);
    assert_eq!(rest.items, all[2..], "those after a place");
    let between = SealPlace { from: at(1), part: 7 };
    assert_eq!(store.seals(Some(between), 1).await.expect(WORKS).items, all[4..5], "that place need not be taken");
    let last = async |before| store.last_seal(before).await.expect(WORKS);
    assert_eq!(last(None).await.as_ref(), all.last());
    assert_eq!(last(Some(all[6].place)).await.as_ref(), Some(&all[5]), "that before it");
    assert_eq!(last(Some(between)).await.as_ref(), Some(&all[3]), "that place need not be taken");
    assert_eq!(last(Some(all[0].place)).await, None);
}

/// Each has the digest that the receipt of its certificate has, also where its grounds are left out.
pub async fn receipts_are_listed_by_the_end_of_their_certificates(store: Tried) {
    let mut made = Vec::new();
    for day in [5, 3, 400, 3, 9] {
        let of_day = changed(&certificate(), |certificate| certificate.not_after = at(day * DAY + 7));
        made.push(if day == 9 { of_day } else { with_receipt(&of_day) });
    }
    for (index, intended) in made.iter().enumerate() {
        store.intend_certificate(intended).await.expect(WORKS);
        if index % 2 == 0 {
            store.update_certificate(intended, &issued(intended)).await.expect(WORKS);
        }
    }
    let digest = |certificate: &crate::CertificateRecord| {
        certificate.receipt.as_ref().map(|receipt| receipt.digest(&certificate.id).expect("a document"))
    };
    let mut expected: Vec<_> = made
        .iter()
        .map(|made| (CertificateEntry { not_after: made.not_after, id: made.id.clone() }, digest(made)))
        .collect();
    expected.sort();
    let read = async |until, after: Option<&CertificateEntry>, limit| {
        let page = store.receipts_ending(at(3 * DAY), at(until), after, limit).await.expect(WORKS);
        let digest = |(entry, receipt): (CertificateEntry, Option<crate::Receipt>)| {
            let digest = receipt.map(|receipt| receipt.digest(&entry.id).expect("a document"));
            (entry, digest)
        };
        (page.items.into_iter().map(digest).collect::<Vec<_>>(), page.more)
    };
    assert_eq!(read(401 * DAY, None, 9).await, (expected.clone(), false));
    assert_eq!(read(400 * DAY, None, 9).await, (expected[..4].to_vec(), false));
    assert_eq!(read(401 * DAY, None, 2).await, (expected[..2].to_vec(), true));
    assert_eq!(read(401 * DAY, Some(&expected[1].0), 3).await, (expected[2..].to_vec(), false));
    assert_eq!(read(3 * DAY, None, 9).await, (Vec::new(), false));
}
