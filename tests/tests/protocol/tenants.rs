//! Directories are tenants (N13, threat 35): what was shown, bound, limited or begun in one counts
//! for nothing in another. docs/tenants.md has the table that these tests go through.

use std::sync::Arc;

use host::Config;
use serde_json::json;
use store::{AcmeProfile, Limit, RaProfile};
use tests::{
    Directory, Environment,
    client::{Client, Issued, Key, certificate_id, challenge, csr, identifiers, strings},
};

use super::{external_accounts::mint, revocation::crl_check};
use crate::HOST;

/// Two more ACME Profiles, `lab` and `prod`, each with an RA Profile of its own.
fn tenants(config: &mut Config) {
    for name in ["lab", "prod"] {
        let name: acme::ProfileName = name.parse().unwrap();
        let (acme, ra) = (config.acme_profiles[0].clone(), config.ra_profiles[0].clone());
        config.acme_profiles.push(AcmeProfile { name: name.clone(), ra_profile: Some(name.clone()), ..acme });
        config.ra_profiles.push(RaProfile { name: name.clone(), acme_profile: Some(name), ..ra });
    }
}

/// Runs a test on every pair of a home and another directory: of other profiles, of both families.
async fn on_every_pair(change: impl FnOnce(&mut Config), test: impl AsyncFn(Directory<'_>, Directory<'_>)) {
    let environment = HOST
        .configured(|config| {
            tenants(config);
            change(config);
        })
        .await;
    for (home, other) in PAIRS {
        println!("of {home} in {other}");
        test(environment.directory(home), environment.directory(other)).await;
    }
}

/// Of the same family, of different ones, and the two directories of one profile.
const PAIRS: [(&str, &str); 6] = [
    ("prod", "lab"),
    ("raProfile/prod", "raProfile/lab"),
    ("prod", "raProfile/lab"),
    ("raProfile/prod", "lab"),
    ("prod", "raProfile/prod"),
    ("raProfile/prod", "prod"),
];

/// An account of the key in the directory.
async fn account(ca: &Directory<'_>, key: &Arc<Key>) -> Client {
    ca.stranger_with(key.clone()).await.registered().await
}

#[tokio::test]
async fn n13_threat_35_authorizations_of_another_directory_revoke_nothing() {
    on_every_pair(
        |_| {},
        async |home, other| {
            let owner = home.client().await;
            let issued = owner.obtain(&["a.test", "*.a.test"]).await;
            // The owner's own key counts as little as any other.
            for key in [owner.key.clone(), Arc::new(Key::p256())] {
                let tenant = account(&other, &key).await;
                tenant.ready_order(&["a.test", "*.a.test"]).await;
                tenant.revoke(&issued, 4).await.refused(403, "unauthorized");
            }
            home.settled().await;
            crl_check(&home, &issued).await.unwrap();

            let neighbour = home.client().await;
            neighbour.revoke(&issued, 4).await.refused(403, "unauthorized");
            neighbour.ready_order(&["a.test", "*.a.test"]).await;
            neighbour.revoke(&issued, 4).await.expect(200);
        },
    )
    .await;
}

#[tokio::test]
async fn n13_the_key_of_a_certificate_revokes_it_in_every_directory() {
    on_every_pair(
        |_| {},
        async |home, other| {
            let issued = home.client().await.obtain(&["a.test"]).await;
            let holder = other.stranger_with(issued.key.clone()).await;
            holder.revoke(&issued, 4).await.expect(200);
        },
    )
    .await;
}

#[tokio::test]
async fn n13_what_was_shown_in_another_directory_is_reused_by_no_order_and_no_authorization() {
    on_every_pair(
        |_| {},
        async |home, other| {
            let owner = home.client().await;
            owner.ready_order(&["a.test"]).await;
            assert_eq!(owner.new_order(&["a.test"]).await.expect(201).json()["status"], "ready", "at home it is");
            let tenant = account(&other, &owner.key).await;
            let order = tenant.new_order(&["a.test"]).await.expect(201);
            assert_eq!(order.json()["status"], "pending");
            tenant.finalize(&order.location(), &csr(&["a.test"], &Key::p256())).await.refused(403, "orderNotReady");
            let payload = json!({"identifier": identifiers(&["a.test"])[0]});
            owner.post(owner.url("newAuthz"), &payload).await.expect(200);
            // The pending one of the order: what is reused was not shown at home.
            assert_eq!(tenant.post(tenant.url("newAuthz"), &payload).await.expect(200).json()["status"], "pending");
        },
    )
    .await;
}

#[tokio::test]
async fn n13_objects_and_accounts_of_another_directory_are_unknown() {
    on_every_pair(
        |_| {},
        async |home, other| {
            let owner = home.client().await;
            let issued = owner.obtain(&["a.test"]).await;
            let pending = owner.order(&["b.test"]).await;
            let authorization = strings(&owner.read(&pending).await.json()["authorizations"]).remove(0);
            let object = owner.read(&authorization).await.json();
            let challenge = challenge(&object, "http-01")["url"].as_str().unwrap().to_owned();
            let stranger = other.stranger_with(owner.key.clone()).await;
            let only_existing = json!({"onlyReturnExisting": true});
            stranger.new_account(&only_existing).await.refused(400, "accountDoesNotExist");
            // The same objects below the other directory, for accounts of both.
            let tenant = stranger.registered().await;
            let here = tenant.with_kid(owner.account());
            for url in [&issued.order, &issued.certificate, &pending, &authorization, &challenge] {
                let moved = url.replace(&owner.below(""), &tenant.below(""));
                assert_ne!(&moved, url);
                tenant.read(&moved).await.refused(404, "malformed");
                here.read(&moved).await.refused(400, "accountDoesNotExist");
            }
            let finalize = pending.replace(&owner.below(""), &tenant.below(""));
            tenant.finalize(&finalize, &csr(&["b.test"], &Key::p256())).await.refused(404, "malformed");

            // A nonce is of its directory, too.
            let nonce = owner.fresh_nonce().await;
            let url = tenant.url("newOrder");
            let jws = tenant.jws(url, json!({"identifiers": identifiers(&["a.test"])}).to_string()).await;
            tenant.send(url, &jws.with("nonce", nonce.into()).signed_by(&tenant.key)).await.refused(400, "badNonce");

            // What becomes of one account is nothing to the other.
            tenant.post(tenant.account(), &json!({"status": "deactivated"})).await.expect(200);
            owner.order(&["a.test"]).await;
        },
    )
    .await;
}

#[tokio::test]
async fn n13_a_key_in_use_in_another_directory_is_free_and_changes_nothing_there() {
    on_every_pair(
        |_| {},
        async |home, other| {
            let owner = home.client().await;
            let tenant = other.client().await;
            tenant.change_key(&tenant.rollover(&owner.key)).await.expect(200);
            let tenant = tenant.with_key(owner.key.clone()).with_kid(tenant.account());
            tenant.order(&["a.test"]).await;
            owner.order(&["a.test"]).await;
            let next = Arc::new(Key::p256());
            owner.change_key(&owner.rollover(&next)).await.expect(200);
            tenant.order(&["a.test"]).await;
        },
    )
    .await;
}

#[tokio::test]
async fn n13_an_order_replaces_no_certificate_of_another_directory() {
    on_every_pair(
        |_| {},
        async |home, other| {
            let owner = home.client().await;
            let issued = owner.obtain(&["a.test"]).await;
            let tenant = account(&other, &owner.key).await;
            let replaces = json!({"identifiers": identifiers(&["a.test"]), "replaces": certificate_id(&issued.chain)});
            tenant.post(tenant.url("newOrder"), &replaces).await.refused(400, "malformed");
            owner.post(owner.url("newOrder"), &replaces).await.expect(201);
            // Renewal information is public, and the same wherever it is asked for.
            let info = async |client: &Client| {
                let url = format!("{}/{}", client.url("renewalInfo"), certificate_id(&issued.chain));
                client.http().get(&url).await.expect(200).json()
            };
            assert_eq!(info(&tenant).await, info(&owner).await);
        },
    )
    .await;
}

#[tokio::test]
async fn n13_an_external_account_key_of_another_profile_binds_nothing() {
    let demanding = |config: &mut Config| {
        for profile in &mut config.acme_profiles {
            profile.external_account_required = true;
        }
    };
    on_every_pair(demanding, async |home, other| {
        let of_home = |key: &mut store::ExternalAccountKey| key.profile = Some(profile_of(&home));
        let is_same = profile_of(&home) == profile_of(&other);
        let minted = mint(&home, of_home).await;
        let refused = minted.bind(&other.stranger().await).await;
        if is_same {
            refused.expect(201);
        } else {
            refused.refused(403, "unauthorized");
            minted.bind(&home.stranger().await).await.expect(201);
        }
    })
    .await;
}

#[tokio::test]
async fn n13_a_limit_that_is_reached_in_one_profile_leaves_the_others_room() {
    let narrow = |config: &mut Config| {
        for profile in &mut config.acme_profiles {
            let most = Some(Limit { maximum: 12, window: A_YEAR });
            profile.limits.new_orders = most;
            profile.limits.new_orders_per_registered_domain = most;
        }
    };
    let environment = HOST
        .configured(|config| {
            tenants(config);
            narrow(config);
        })
        .await;
    let (home, other) = (environment.directory("prod").client().await, environment.directory("lab").client().await);
    for _ in 0..12 {
        home.order(&["a.example.com"]).await;
    }
    home.new_order(&["a.example.com"]).await.refused(429, "rateLimited");
    // The two directories of a profile have its limits together.
    let pinned = environment.directory("raProfile/prod").client().await;
    pinned.new_order(&["a.example.com"]).await.refused(429, "rateLimited");
    for _ in 0..12 {
        other.order(&["a.example.com"]).await;
    }
}

#[tokio::test]
async fn n13_what_was_shown_under_the_rules_of_a_profile_ends_when_another_stands_behind_the_directory() {
    let environment = HOST.configured(tenants).await;
    let ca = environment.directory("raProfile/lab");
    let (owner, neighbour) = (ca.client().await, ca.client().await);
    let issued = owner.obtain(&["a.test"]).await;
    let ready = owner.ready_order(&["b.test"]).await;
    neighbour.ready_order(&["a.test"]).await;
    put_behind(&environment, "lab", "prod").await;

    let request = csr(&["b.test"], &Key::p256());
    owner.finalize(&ready, &request).await.refused(400, "rejectedIdentifier");
    assert_eq!(owner.new_order(&["a.test"]).await.expect(201).json()["status"], "pending");
    let payload = json!({"identifier": identifiers(&["a.test"])[0]});
    assert_eq!(owner.post(owner.url("newAuthz"), &payload).await.expect(200).json()["status"], "pending");
    neighbour.revoke(&issued, 4).await.refused(403, "unauthorized");

    // Under the rules of the profile that stands there now, it is shown again.
    owner.obtain(&["b.test"]).await;
    neighbour.ready_order(&["a.test"]).await;
    neighbour.revoke(&issued, 4).await.expect(200);
}

#[tokio::test]
async fn n13_an_explanation_of_a_name_in_one_profile_tells_nothing_of_others() {
    let environment = HOST.configured(tenants).await;
    let mut orders = Vec::new();
    for directory in ["lab", "raProfile/lab"] {
        let issued: Issued = environment.directory(directory).client().await.obtain(&["a.test"]).await;
        orders.push(issued.order.rsplit('/').next().unwrap().to_owned());
    }
    orders.sort();
    for (profile, expected) in [(Some("lab"), orders.clone()), (Some("prod"), Vec::new()), (None, orders)] {
        let subject = json!({"name": {"name": "a.test", "profile": profile}});
        let explained = environment.act(json!({"action": "explain", "subject": subject})).await.unwrap();
        let mut told: Vec<String> = explained["orders"]
            .as_array()
            .unwrap()
            .iter()
            .map(|order| order["order"].as_str().unwrap().to_owned())
            .collect();
        told.sort();
        assert_eq!(told, expected, "{profile:?}: {explained}");
    }
}

/// The ACME Profile of a directory in these tests.
fn profile_of(ca: &Directory<'_>) -> acme::ProfileName {
    ca.name.rsplit('/').next().unwrap().parse().unwrap()
}

/// Puts another ACME Profile behind the directory of family B.
async fn put_behind(environment: &Environment, ra: &str, acme: &str) {
    let profiles = json!({"raProfile": [{"name": ra, "acmeProfile": acme}]});
    environment.act(json!({"action": "apply-profiles", "profiles": profiles})).await.unwrap();
}

/// The longest window, which does not end while a test runs.
const A_YEAR: u32 = 31_622_400;
