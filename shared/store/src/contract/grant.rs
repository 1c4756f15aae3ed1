//! Grants of enrolment: stored, changed conditionally, and listed.

use super::{
    Tried, WORKS, assert_conflict,
    fixture::{at, changed, grant_to},
};
use crate::IamPrincipal;

/// The grant is made, revoked and made again.
pub async fn a_grant_changes_only_from_its_present_version(store: Tried) {
    assert_eq!(store.grants(None).await.expect(WORKS), [], "before anything was granted");
    let grant = grant_to("web", "default");
    for _ in 1..=2 {
        store.put_grant(None, &grant).await.expect(WORKS);
    }
    let revoked = changed(&grant, |grant| grant.revoked_at = Some(at(1)));
    assert_conflict(store.put_grant(None, &revoked).await, "it is there");
    for _ in 1..=2 {
        store.put_grant(Some(grant.version), &revoked).await.expect(WORKS);
    }
    let longer = changed(&grant, |grant| grant.key_seconds += 1);
    assert_conflict(store.put_grant(Some(grant.version), &longer).await, "it is no longer what it was");
    assert_eq!(store.grants(None).await.expect(WORKS), [revoked]);
}

/// A principal whose name another begins with has its own grants only.
pub async fn grants_are_found_by_their_principal(store: Tried) {
    let [other, first, second, longer] =
        [("db", "default"), ("web", "default"), ("web", "internal"), ("web2", "default")]
            .map(|(role, profile)| grant_to(role, profile));
    for grant in [&longer, &second, &other, &first] {
        store.put_grant(None, grant).await.expect(WORKS);
    }
    let to_web = store.grants(Some(&first.principal)).await.expect(WORKS);
    assert_eq!(to_web, [first.clone(), second.clone()]);
    let none: IamPrincipal = "arn:aws:iam::123456789012:role/we".parse().expect("a principal");
    assert_eq!(store.grants(Some(&none)).await.expect(WORKS), []);
    assert_eq!(store.grants(None).await.expect(WORKS), [other, first, second, longer], "by principal and profile");
}
