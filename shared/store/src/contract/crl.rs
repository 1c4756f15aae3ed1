//! CRLs.

use super::{
    Tried, WORKS, assert_conflict,
    fixture::{crl, issuer_id},
};

/// RFC 5280 §5.2.3.
pub async fn the_numbers_of_crls_only_rise(store: Tried) {
    let issuer = issuer_id();
    assert_eq!(store.crl(&issuer, 0).await.expect(WORKS), None, "before the first");
    let (first, rival, older, later) = (crl(&issuer, 7), crl(&issuer, 7), crl(&issuer, 6), crl(&issuer, 9));
    store.put_crl(&first).await.expect(WORKS);
    assert_conflict(store.put_crl(&rival).await, "the number belongs to another CRL");
    assert_conflict(store.put_crl(&older).await, "the number is lower");
    assert_eq!(store.crl(&issuer, 0).await.expect(WORKS).as_ref(), Some(&first), "the conflicts changed nothing");
    store.put_crl(&later).await.expect(WORKS);
    assert_conflict(store.put_crl(&first).await, "the number is lower by now");
    assert_eq!(store.crl(&issuer, 0).await.expect(WORKS).as_ref(), Some(&later));
    assert_eq!(store.crl(&issuer, 1).await.expect(WORKS), None, "another shard has its own");
}
