//! Issuance: certificate and order change together.

use super::{
    Tried, WORKS, assert_conflict, assert_one_winner,
    fixture::{account, certificate, changed, issued, order, processing, valid_order},
    together,
};

/// From an open order to a valid one.
pub async fn an_issuance_begins_and_ends_with_its_order(store: Tried) {
    let open = order(&account(), &[]);
    let intended = certificate();
    let (under_way, signed) = (processing(&open, &intended), issued(&intended));
    let done = valid_order(&under_way);
    store.create_order(&open, &[]).await.expect(WORKS);

    store.begin_issuance(&intended, &open, &under_way).await.expect(WORKS);

    assert_eq!(store.order(open.account, open.id).await.expect(WORKS).as_ref(), Some(&under_way));
    assert_eq!(store.certificate(&intended.id).await.expect(WORKS).as_ref(), Some(&intended));

    store.complete_issuance(&intended, &signed, &under_way, &done).await.expect(WORKS);

    assert_eq!(store.order(open.account, open.id).await.expect(WORKS), Some(done));
    assert_eq!(store.certificate(&intended.id).await.expect(WORKS), Some(signed));
}

/// Whatever happens to the certificate of the loser, the order refers to the winner's.
pub async fn of_many_issuances_of_an_order_one_begins(store: Tried) {
    let open = order(&account(), &[]);
    store.create_order(&open, &[]).await.expect(WORKS);
    let attempts = (0..50).map(|_| {
        let (store, open, intended) = (store.clone(), open.clone(), certificate());
        let under_way = processing(&open, &intended);
        async move { store.begin_issuance(&intended, &open, &under_way).await.map(|()| under_way) }
    });
    let results = together(attempts).await;
    assert_one_winner(&results, "beginning an issuance");
    let winner = results.into_iter().find_map(Result::ok);
    assert_eq!(store.order(open.account, open.id).await.expect(WORKS), winner);
}

/// The order waits until a caller repeats its decision.
pub async fn an_issuance_does_not_end_over_another_change_of_its_certificate(store: Tried) {
    let open = order(&account(), &[]);
    let intended = certificate();
    let under_way = processing(&open, &intended);
    store.create_order(&open, &[]).await.expect(WORKS);
    store.begin_issuance(&intended, &open, &under_way).await.expect(WORKS);
    let other = changed(&intended, |certificate| certificate.crl_shard = 7);
    store.update_certificate(&intended, &other).await.expect(WORKS);

    let late = store.complete_issuance(&intended, &issued(&intended), &under_way, &valid_order(&under_way)).await;

    assert_conflict(late, "the certificate is no longer the intended one");
    assert_eq!(store.order(open.account, open.id).await.expect(WORKS), Some(under_way));
    assert_eq!(store.certificate(&intended.id).await.expect(WORKS), Some(other));
}

/// A lost answer is not a lost write.
pub async fn an_issuance_written_twice_is_written_once(store: Tried) {
    let open = order(&account(), &[]);
    let intended = certificate();
    let (under_way, signed) = (processing(&open, &intended), issued(&intended));
    let done = valid_order(&under_way);
    store.create_order(&open, &[]).await.expect(WORKS);
    for _ in 1..=2 {
        store.begin_issuance(&intended, &open, &under_way).await.expect(WORKS);
    }
    for _ in 1..=2 {
        store.complete_issuance(&intended, &signed, &under_way, &done).await.expect(WORKS);
    }
    assert_eq!(store.order(open.account, open.id).await.expect(WORKS), Some(done));
    assert_eq!(store.certificate(&intended.id).await.expect(WORKS), Some(signed));
}
