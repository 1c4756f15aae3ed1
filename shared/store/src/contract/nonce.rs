//! Nonces and their secrets.

use super::{
    Tried, WORKS, assert_conflict,
    fixture::{at, nonce, operation, secrets},
};
use crate::Redemption;

/// RFC 8555 §6.5: a nonce is accepted once.
pub async fn a_nonce_is_redeemed_once(store: Tried) {
    let (used, other, first) = (nonce(), nonce(), operation());
    assert_eq!(store.redeem_nonce(&used, at(300), first).await.expect(WORKS), Redemption::Redeemed);
    let again = store.redeem_nonce(&used, at(300), operation()).await.expect(WORKS);
    assert_eq!(again, Redemption::AlreadyUsed, "by another request");
    let repeated = store.redeem_nonce(&used, at(300), first).await.expect(WORKS);
    assert_eq!(repeated, Redemption::Redeemed, "the same redemption again");
    let unrelated = store.redeem_nonce(&other, at(300), operation()).await.expect(WORKS);
    assert_eq!(unrelated, Redemption::Redeemed, "another nonce");
}

/// Two processes that rotate at the same time do not lose each other's secrets.
pub async fn the_nonce_secrets_change_only_from_their_present_version(store: Tried) {
    let (first, second, stale) = (secrets(), secrets(), secrets());
    assert_eq!(store.nonce_secrets().await.expect(WORKS), None, "before the first");
    assert_conflict(store.update_nonce_secrets(Some(operation()), &stale).await, "there are none");
    store.update_nonce_secrets(None, &first).await.expect(WORKS);
    assert_eq!(store.nonce_secrets().await.expect(WORKS).as_ref(), Some(&first));
    store.update_nonce_secrets(Some(first.version), &second).await.expect(WORKS);
    assert_conflict(store.update_nonce_secrets(None, &stale).await, "there are secrets");
    assert_conflict(store.update_nonce_secrets(Some(first.version), &stale).await, "they are not the first any more");
    assert_eq!(store.nonce_secrets().await.expect(WORKS), Some(second), "the conflicts changed nothing");
}
