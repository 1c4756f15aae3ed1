//! Issuers.

use super::{Tried, WORKS, fixture::issuer};
use crate::Creation;

/// An issuer is never replaced by making it again.
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
