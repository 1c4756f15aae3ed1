//! Profiles.

use acme::ProfileName;

use super::{Tried, WORKS};
use crate::{AcmeProfile, RaProfile};

/// What an operator sets is what there is.
pub async fn setting_profiles_replaces_all_of_them(store: Tried) {
    let name = |text: &str| text.parse::<ProfileName>().expect("a name");
    let acme: Vec<_> = ["default", "internal"].map(acme_profile).into();
    let ra: Vec<_> = ["default", "short"].map(ra_profile).into();
    store.set_profiles(&acme, &ra).await.expect(WORKS);
    for (profile, ra_profile) in acme.iter().zip(&ra) {
        assert_eq!(store.acme_profile(&profile.name).await.expect(WORKS).as_ref(), Some(profile));
        assert_eq!(store.ra_profile(&ra_profile.name).await.expect(WORKS).as_ref(), Some(ra_profile));
    }
    assert_eq!(store.acme_profile(&name("short")).await.expect(WORKS), None, "the kinds do not mix");

    let mut changed = acme_profile("default");
    changed.retry_interval = 5;
    for _ in 0..2 {
        store.set_profiles(std::slice::from_ref(&changed), &ra[1..]).await.expect(WORKS);
        assert_eq!(store.acme_profile(&name("default")).await.expect(WORKS).as_ref(), Some(&changed));
        assert_eq!(store.acme_profile(&name("internal")).await.expect(WORKS), None, "it was not set");
        assert_eq!(store.ra_profile(&name("default")).await.expect(WORKS), None, "it was not set");
        assert_eq!(store.ra_profile(&name("short")).await.expect(WORKS).as_ref(), ra.get(1));
    }
}

fn acme_profile(name: &str) -> AcmeProfile {
    serde_json::from_value(serde_json::json!({ "name": name })).expect("every other field has a default")
}

fn ra_profile(name: &str) -> RaProfile {
    let profile = serde_json::json!({ "name": name, "issuer": "issuing" });
    serde_json::from_value(profile).expect("every other field has a default")
}
