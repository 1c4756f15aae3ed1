//! Seals: a chain of places that are taken once, and the receipts that they are about.

use super::{
    Tried, WORKS, assert_conflict,
    fixture::{DAY, at, certificate, changed, issued, seal, with_receipt_of},
};
use crate::{Page, SealPlace};

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

/// Of many certificates with receipts, in whatever state they are.
pub async fn the_receipts_of_a_period_are_found_whenever_their_certificates_end(store: Tried) {
    let receipt = |written: i64, end: i64| {
        let ending = changed(&certificate(), |certificate| certificate.not_after = at(end * DAY + 7));
        with_receipt_of(at(written), &ending)
    };
    let mut digests = Vec::new();
    let periods = [(DAY, 5), (DAY, 3), (DAY + 1, 400), (2 * DAY - 1, 3), (2 * DAY, 9), (DAY - 1, 3), (DAY, 401)];
    for (index, (written, end)) in periods.into_iter().enumerate() {
        let intended = receipt(written, end);
        store.intend_certificate(&intended).await.expect(WORKS);
        if index % 2 == 0 {
            store.update_certificate(&intended, &issued(&intended)).await.expect(WORKS);
        }
        digests.push(intended.receipt.as_ref().expect(WORKS).digest(&intended.id).expect("a document"));
    }
    store.intend_certificate(&certificate()).await.expect(WORKS);
    let written = async |from, until, latest| {
        let mut written = store.receipts_written(at(from), at(until), at(latest)).await.expect(WORKS);
        written.sort();
        written
    };
    let some = |indexes: &[usize]| {
        let mut some: Vec<_> = indexes.iter().map(|index| digests[*index]).collect();
        some.sort();
        some
    };
    assert_eq!(written(DAY, 2 * DAY, 401 * DAY).await, some(&[0, 1, 2, 3]), "those of the day");
    assert_eq!(written(DAY, 2 * DAY, 402 * DAY).await, some(&[0, 1, 2, 3, 6]), "the last one ends later");
    assert_eq!(written(2 * DAY, 3 * DAY, 401 * DAY).await, some(&[4]));
    assert_eq!(written(3 * DAY, 4 * DAY, 401 * DAY).await, []);
    assert_eq!(written(DAY, 2 * DAY, DAY).await, [], "no time at all");
}
