//! Profiles.

use acme::ProfileName;

use super::{Tried, WORKS};
use crate::{AcmeProfile, AppliedConfiguration, FirstProfiles, ProfileChanges, ProfileSet, RaProfile};

/// The store contains exactly what an operator applied, and applying it again changes nothing.
pub async fn applied_profiles_are_what_there_is(store: Tried) {
    assert_eq!(store.profiles().await.expect(WORKS), ProfileSet::default(), "before any was made");
    let acme: Vec<_> = ["default", "internal"].map(acme_profile).into();
    let ra: Vec<_> = ["default", "short"].map(ra_profile).into();
    let first = ProfileSet { acme_profile: acme.clone(), ra_profile: ra.clone() };
    store.apply_profiles(&first.changes_from(&ProfileSet::default())).await.expect(WORKS);
    for (profile, ra_profile) in acme.iter().zip(&ra) {
        assert_eq!(store.acme_profile(&profile.name).await.expect(WORKS).as_ref(), Some(profile));
        assert_eq!(store.ra_profile(&ra_profile.name).await.expect(WORKS).as_ref(), Some(ra_profile));
    }
    assert_eq!(store.acme_profile(&name("short")).await.expect(WORKS), None, "the kinds do not mix");
    assert_eq!(store.profiles().await.expect(WORKS), first, "by name");

    let changed = AcmeProfile { retry_interval: 5, ..acme_profile("default") };
    let second = ProfileSet { acme_profile: vec![changed.clone()], ra_profile: ra[1..].to_vec() };
    let changes = second.changes_from(&first);
    assert_eq!(changes.len(), 3, "one is changed, two are gone");
    for _ in 0..2 {
        store.apply_profiles(&changes).await.expect(WORKS);
        assert_eq!(store.profiles().await.expect(WORKS), second);
        assert_eq!(store.acme_profile(&name("default")).await.expect(WORKS).as_ref(), Some(&changed));
        assert_eq!(store.acme_profile(&name("internal")).await.expect(WORKS), None, "it is gone");
    }
    store.apply_profiles(&ProfileChanges::default()).await.expect(WORKS);
    assert_eq!(store.profiles().await.expect(WORKS), second, "no change changes nothing");
}

/// Each record replaces the previous one, and none of them is a profile.
pub async fn what_was_taken_from_the_configuration_is_remembered(store: Tried) {
    assert_eq!(store.applied_configuration().await.expect(WORKS), None, "before anything was");
    let digests = |path: &str| [(path.to_owned(), "digest".to_owned())].into();
    let begun = AppliedConfiguration { first_profiles: FirstProfiles::Due, ..AppliedConfiguration::default() };
    let later = AppliedConfiguration {
        first_profiles: FirstProfiles::Settled,
        applied: digests("acmeProfile.web"),
        kept: digests("raProfile.web"),
        founding: digests("RootName"),
    };
    for applied in [&begun, &later, &later, &begun] {
        store.put_applied_configuration(applied).await.expect(WORKS);
        assert_eq!(store.applied_configuration().await.expect(WORKS).as_ref(), Some(applied));
    }
    assert_eq!(store.profiles().await.expect(WORKS), ProfileSet::default());
}

/// More profiles than any engine changes at once.
pub async fn hundreds_of_profiles_are_applied_and_listed_in_pages(store: Tried) {
    let numbered = |number: usize| format!("profile-{number:03}");
    let set = ProfileSet {
        acme_profile: (0..130).map(|number| acme_profile(&numbered(number))).collect(),
        ra_profile: (0..120).map(|number| ra_profile(&numbered(number))).collect(),
    };
    store.apply_profiles(&set.changes_from(&ProfileSet::default())).await.expect(WORKS);
    let mut found = ProfileSet::default();
    loop {
        let after = found.acme_profile.last().map(|profile: &AcmeProfile| profile.name.clone());
        let page = store.acme_profiles_page(after.as_ref(), 50).await.expect(WORKS);
        assert!(page.items.len() == 50 || !page.more, "a page that is not the last is full");
        found.acme_profile.extend(page.items);
        if !page.more {
            break;
        }
    }
    let first = store.ra_profiles_page(None, 119).await.expect(WORKS);
    assert!(first.more, "one follows");
    found.ra_profile = first.items;
    let last = store.ra_profiles_page(Some(&name("profile-118")), 119).await.expect(WORKS);
    assert!(!last.more, "none follows");
    found.ra_profile.extend(last.items);
    assert_eq!(found, set, "every profile once, by name");
    let beyond = store.ra_profiles_page(Some(&name("z")), 10).await.expect(WORKS);
    assert!(beyond.items.is_empty() && !beyond.more);

    store.apply_profiles(&ProfileSet::default().changes_from(&set)).await.expect(WORKS);
    assert_eq!(store.profiles().await.expect(WORKS), ProfileSet::default(), "all are gone");
}

fn name(text: &str) -> ProfileName {
    text.parse().expect("a name")
}

fn acme_profile(name: &str) -> AcmeProfile {
    serde_json::from_value(serde_json::json!({ "name": name })).expect("every other field has a default")
}

fn ra_profile(name: &str) -> RaProfile {
    let profile = serde_json::json!({ "name": name, "issuer": "issuing" });
    serde_json::from_value(profile).expect("every other field has a default")
}
