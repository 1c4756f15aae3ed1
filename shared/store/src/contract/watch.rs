//! The position of the expiry watch.

use super::{
    Tried, WORKS, assert_conflict,
    fixture::{DAY, at, certificate, changed, operation},
};
use crate::{CertificateEntry, ExpiryWatch, Versioned};

/// Two concurrent processes do not move the position backwards.
pub async fn the_watch_changes_only_from_its_present_version(store: Tried) {
    assert_eq!(store.expiry_watch().await.expect(WORKS), None, "before the first look");
    let first = Versioned::new(ExpiryWatch { until: at(DAY), after: None }, operation());
    assert_conflict(store.put_expiry_watch(Some(operation()), &first).await, "there is none");
    for _ in 0..2 {
        store.put_expiry_watch(None, &first).await.expect(WORKS);
    }
    assert_eq!(store.expiry_watch().await.expect(WORKS).as_ref(), Some(&first));
    let record = certificate();
    let second = changed(&first, |watch| {
        watch.after = Some(CertificateEntry { not_after: record.not_after, id: record.id.clone() });
    });
    store.put_expiry_watch(Some(first.version), &second).await.expect(WORKS);
    let stale = changed(&first, |watch| watch.until = at(0));
    assert_conflict(store.put_expiry_watch(None, &stale).await, "there is one");
    assert_conflict(store.put_expiry_watch(Some(first.version), &stale).await, "it is no longer what it was");
    assert_eq!(store.expiry_watch().await.expect(WORKS), Some(second));
}
