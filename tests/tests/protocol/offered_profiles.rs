//! The profiles extension: an order selects one of the RA Profiles that its directory offers (S19).

use std::collections::BTreeMap;

use host::Config;
use serde_json::{Value, json};
use store::{OfferedProfile, RaProfile, Validity};
use tests::client::{Client, Key, Reply, identifiers};

use crate::HOST;

/// Offers `shortlived`, whose certificates are valid for six days.
fn offering(config: &mut Config) {
    let mut short = RaProfile { acme_profile: None, ..config.ra_profiles[0].clone() };
    short.name = "short".parse().unwrap();
    short.certificate_validity = Validity { default: SIX_DAYS, maximum: SIX_DAYS };
    let off = RaProfile { name: "off".parse().unwrap(), enabled: false, ..short.clone() };
    let offer = |profile: &RaProfile, description: &str| OfferedProfile {
        ra_profile: profile.name.clone(),
        description: description.to_owned(),
    };
    config.acme_profiles[0].profiles = BTreeMap::from([
        ("off".to_owned(), offer(&off, "Not now.")),
        ("shortlived".to_owned(), offer(&short, "Six days, for what renews by itself.")),
    ]);
    config.ra_profiles.extend([short, off]);
}

#[tokio::test]
async fn s19_the_selected_profile_issues_and_the_order_names_it() {
    let environment = HOST.configured(offering).await;
    let ca = environment.directory("default");
    let client = ca.client().await;
    let shown: Value = client.directory["meta"]["profiles"].clone();
    assert_eq!(shown, json!({"shortlived": "Six days, for what renews by itself."}), "and none that is off");

    let order = ordered(&client, "shortlived").await.expect(201);
    assert_eq!(order.json()["profile"], "shortlived");
    let url = order.location();
    client.authorize(&url).await;
    let issued = client.finish(url.clone(), &["a.test"], Key::p256()).await;
    assert_eq!(client.read(&url).await.json()["profile"], "shortlived");
    assert_eq!(lifetime(&issued), u64::from(SIX_DAYS));
    let usual = client.obtain(&["a.test"]).await;
    assert_eq!(lifetime(&usual), 45 * 24 * 60 * 60);
    assert_eq!(client.read(&usual.order).await.json().get("profile"), None);
}

#[tokio::test]
async fn s19_a_profile_that_is_not_offered_is_refused() {
    let environment = HOST.configured(offering).await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            for name in ["", "default", "short", "Shortlived", "off"] {
                ordered(&client, name).await.refused(400, "invalidProfile");
            }
        })
        .await;
}

#[tokio::test]
async fn s19_family_b_is_pinned_to_its_profile_and_offers_none() {
    let environment = HOST.configured(offering).await;
    let client = environment.directory("raProfile/default").client().await;
    assert_eq!(client.directory["meta"].get("profiles"), None);
    ordered(&client, "shortlived").await.refused(400, "invalidProfile");
}

#[tokio::test]
async fn s19_an_order_for_a_withdrawn_profile_is_not_finalized_by_another() {
    let environment = HOST.configured(offering).await;
    let client = environment.directory("default").client().await;
    let order = ordered(&client, "shortlived").await.expect(201).location();
    client.authorize(&order).await;
    let environment = environment
        .restarted(|config| {
            // A profile that is equal to the built-in one would count as undecided.
            config.acme_profiles[0].description = "none to choose".to_owned();
            config.acme_profiles[0].profiles.clear();
        })
        .await;
    let client = super::policy::again(&environment, &client).await;
    let request = tests::client::csr(&["a.test"], &Key::p256());
    client.finalize(&order, &request).await.refused(400, "invalidProfile");
}

async fn ordered(client: &Client, profile: &str) -> Reply {
    let payload = json!({"identifiers": identifiers(&["a.test"]), "profile": profile});
    client.post(client.url("newOrder"), &payload).await
}

/// The lifetime of the certificate, in seconds.
fn lifetime(issued: &tests::client::Issued) -> u64 {
    let validity = *issued.leaf().tbs_certificate().validity();
    (validity.not_after.to_unix_duration() - validity.not_before.to_unix_duration()).as_secs() + 1
}

const SIX_DAYS: u32 = 6 * 24 * 60 * 60;
