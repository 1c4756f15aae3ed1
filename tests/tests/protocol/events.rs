//! Events: each is emitted once, by the code that made the change, and only if the change was made.

use std::time::Duration;

use host::Config;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::{AcmeProfile, ExpiryWatch, Limit, OperationId, RaProfile, Versioned};
use tests::{
    Environment,
    client::{Client, Issued, Key, csr, identifiers},
    events::{emitted, of_account},
};
use tokio::time::{sleep, timeout};

use super::{external_accounts::mint, renewal_info::certificate_id};
use crate::HOST;

/// The only event of this type about the client's account.
#[track_caller]
fn only(client: &Client, r#type: &str) -> Value {
    let events = of_account(client.account_id(), r#type);
    assert_eq!(events.len(), 1, "{events:?}");
    events[0].clone()
}

#[track_caller]
fn none(client: &Client, types: &[&str]) {
    for r#type in types {
        assert_eq!(of_account(client.account_id(), r#type), [] as [Value; 0]);
    }
}

fn order_id(order: &str) -> &str {
    order.rsplit('/').next().unwrap()
}

#[tokio::test]
async fn a_new_account_emits_one_event_and_its_deactivation_another() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        client.new_account(&json!({})).await.expect(200);
        client.post(client.account(), &json!({"contact": ["mailto:a@example.org"]})).await.expect(200);
        let created = only(&client, "account.created");
        assert_eq!((&created["directory"], &created["version"]), (&json!(ca.name), &json!(1)));
        none(&client, &["account.deactivated"]);

        client.post(client.account(), &json!({"status": "deactivated"})).await.expect(200);
        assert_eq!(only(&client, "account.deactivated").get("actor"), None);
        client.read(client.account()).await.refused(401, "unauthorized");
        let refused = only(&client, "request.refused");
        assert_eq!(refused["reason"], "accountEnded", "{refused}");
    })
    .await;
}

#[tokio::test]
async fn a_certificate_emits_one_event_however_often_its_order_is_finalized() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = client.ready_order(&["a.test", "*.b.test"]).await;
        none(&client, &["certificate.issued"]);
        let (key, other) = (Key::p256(), Key::p256());
        let (first, second) = (csr(&["a.test", "*.b.test"], &key), csr(&["a.test", "*.b.test"], &other));
        tests::all((0..8).map(|n| client.finalize(&order, if n % 2 == 0 { &first } else { &second }))).await;
        client.finalize(&order, &first).await;
        let object = client.wait(&order, "valid").await;
        let issued = only(&client, "certificate.issued");
        assert_eq!(issued["names"], json!(["a.test", "*.b.test"]));
        assert_eq!(issued["order"], order_id(&order));
        assert_eq!(issued["directory"], ca.name);
        let chain = client.read(object["certificate"].as_str().unwrap()).await.expect(200).text();
        assert_eq!(issued["certificate"], tests::client::certificate_id(&chain));
        none(&client, &["certificate.renewed", "certificate.failed", "request.refused", "validation.failed"]);
    })
    .await;
}

#[tokio::test]
async fn an_order_that_says_what_it_replaces_is_a_renewal_and_any_other_is_none() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let first = client.obtain(&["a.test"]).await;
        client.obtain(&["a.test"]).await;
        assert_eq!(
            of_account(client.account_id(), "certificate.issued").len(),
            2,
            "nothing has polled the first order"
        );

        let replacing = json!({"identifiers": identifiers(&["a.test"]), "replaces": certificate_id(&first)});
        let order = client.post(client.url("newOrder"), &replacing).await.expect(201).location();
        let renewed = client.finish(order, &["a.test"], Key::p256()).await;
        let event = only(&client, "certificate.renewed");
        assert_eq!(event["replaces"], certificate_id(&first));
        assert_eq!(event["certificate"], certificate_id(&renewed));
        assert_eq!(of_account(client.account_id(), "certificate.issued").len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_revocation_emits_one_event_with_the_requester() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let (one, two) = (client.obtain(&["a.test"]).await, client.obtain(&["b.test"]).await);
        let revocations = (0..4).map(|_| client.revoke(&one, 4));
        let done = tests::all(revocations).await.into_iter().filter(|reply| reply.status == 200).count();
        assert_eq!(done, 1);
        client.with_key(two.key.clone()).revoke(&two, 1).await.expect(200);

        let events = of_account(client.account_id(), "certificate.revoked");
        let said = |issued: &Issued| {
            let id = certificate_id(issued);
            let of = events.iter().filter(|event| event["certificate"] == id).collect::<Vec<_>>();
            assert_eq!(of.len(), 1, "{events:?}");
            (of[0]["by"].clone(), of[0]["reasonCode"].clone())
        };
        assert_eq!(said(&one), (json!("account"), json!(4)));
        assert_eq!(said(&two), (json!("certificateKey"), json!(1)));

        ca.client().await.revoke(&one, 4).await;
        assert_eq!(of_account(client.account_id(), "certificate.revoked").len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_failed_validation_emits_its_problem_with_what_was_found() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = client.order(&["nowhere.test"]).await;
        let object = client.read(&order).await.expect(200).json();
        let url = object["authorizations"][0].as_str().unwrap();
        let authorization = client.read(url).await.expect(200).json();
        let challenge = tests::client::challenge(&authorization, "http-01");
        client.challenges().set_http(challenge["token"].as_str().unwrap(), "something else");
        client.post(challenge["url"].as_str().unwrap(), &json!({})).await.expect(200);
        let failed = client.wait(url, "invalid").await;
        // The worker emits it after it has written what the client has just read.
        let told = async {
            while of_account(client.account_id(), "validation.failed").is_empty() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(30), told).await.expect("it is emitted");
        ca.settled().await;
        let event = only(&client, "validation.failed");
        let error = &tests::client::challenge(&failed, "http-01")["error"];
        assert_eq!(event["problem"], error["type"]);
        let says_it = |detail: &serde_json::Value| detail.as_str().unwrap().contains("\"something else\"");
        assert!(says_it(&event["detail"]) && !says_it(&error["detail"]), "{event} {error}");
        assert_eq!((&event["names"], &event["challenge"]), (&json!(["nowhere.test"]), &json!("http-01")));
        none(&client, &["certificate.issued", "request.refused"]);
    })
    .await;
}

#[tokio::test]
async fn a_refusal_by_a_policy_is_emitted_and_a_mere_mistake_is_not() {
    let strict = |config: &mut Config| {
        config.acme_profiles[0].denied_identifiers = vec![".secret.test".parse().unwrap()];
        config.acme_profiles[0].maximum_identifiers = 3;
    };
    HOST.configured(strict)
        .await
        .on_both_families(async |ca| {
            let client = ca.client().await;
            client.new_order(&["a..test"]).await.refused(400, "malformed");
            client.finalize(&client.order(&["a.test"]).await, b"no request").await;
            none(&client, &["request.refused"]);

            client.new_order(&["a.test", "x.secret.test", "y.secret.test"]).await.refused(400, "rejectedIdentifier");
            let refused = only(&client, "request.refused");
            assert_eq!(refused["names"], json!(["x.secret.test", "y.secret.test"]));
            assert_eq!(refused["reason"], "names");
            assert_eq!(refused.get("untold"), None);
            for _ in 0..3 {
                client.new_order(&["x.secret.test"]).await.refused(400, "rejectedIdentifier");
            }
            only(&client, "request.refused");

            let ready = client.ready_order(&["a.test"]).await;
            client.finalize(&ready, &csr(&["a.test"], &client.key)).await.refused(400, "badCSR");
            let refused = of_account(client.account_id(), "request.refused");
            assert_eq!((refused.len(), &refused[1]["reason"]), (2, &json!("key")), "another reason is emitted at once");
        })
        .await;
}

#[tokio::test]
async fn threat_28_a_refusal_is_emitted_only_with_a_signature_and_for_strangers_once_a_minute() {
    let bound = |config: &mut Config| {
        let (name, default) = ("strangers".parse().unwrap(), config.acme_profiles[0].clone());
        config.acme_profiles.push(AcmeProfile { name, external_account_required: true, ..default });
    };
    let environment = HOST.configured(bound).await;
    let ca = environment.directory("strangers");
    let client = mint(&ca, |_| {}).await.client(&ca).await;
    disable(&environment, &client).await;
    let url = client.url("newOrder");
    let good = client.jws(url, json!({"identifiers": identifiers(&["a.test"])}).to_string()).await;
    client.send(url, &good.clone().with("nonce", "AAAA".into())).await.refused(400, "badNonce");
    let forged = client.with_key(Key::p256()).with_kid(client.account());
    forged.new_order(&["a.test"]).await;
    none(&client, &["request.refused"]);
    client.send(url, &good).await.refused(401, "unauthorized");
    assert_eq!(only(&client, "request.refused")["reason"], "accountEnded");

    for _ in 0..3 {
        ca.stranger().await.new_account(&json!({})).await.refused(400, "externalAccountRequired");
    }
    let strangers = emitted(|event| event["directory"] == "strangers" && event["reason"] == "externalAccount");
    assert_eq!(strangers.len(), 1, "{strangers:?}");
}

#[tokio::test]
async fn a_limit_is_emitted_when_it_is_reached_and_not_again_meanwhile() {
    let limited = |config: &mut Config| {
        config.acme_profiles[0].limits.new_orders_per_account = Some(Limit { maximum: 1, window: 366 * 86_400 });
    };
    HOST.configured(limited)
        .await
        .on_both_families(async |ca| {
            let client = ca.client().await;
            client.order(&["a.test"]).await;
            let reached =
                || emitted(|event| event["type"] == "limit.reached" && event["subject"] == client.account_id());
            assert_eq!(reached().len(), 0);
            for _ in 0..3 {
                client.new_order(&["b.test"]).await.refused(429, "rateLimited");
            }
            let reached = reached();
            assert_eq!(reached.len(), 1, "{reached:?}");
            assert_eq!((&reached[0]["limit"], &reached[0]["maximum"]), (&json!("newOrdersPerAccount"), &json!(1)));
            none(&client, &["request.refused"]);
        })
        .await;
}

#[tokio::test]
async fn changes_by_operators_are_emitted_with_their_names() {
    let environment = HOST.start().await;
    let client = environment.directory("default").client().await;
    let issued = client.obtain(&["a.test"]).await;
    for _ in 0..2 {
        disable(&environment, &client).await;
    }
    let by = actor(&only(&client, "account.disabled"));
    let id = client.account_id();
    environment.act(json!({"action": "set-account-status", "id": id, "status": "valid"})).await.unwrap();
    assert_eq!(actor(&only(&client, "account.enabled")), by);

    let revoke = json!({"action": "revoke-certificate", "id": certificate_id(&issued), "reason": 5});
    environment.act(revoke).await.unwrap();
    let revoked = only(&client, "certificate.revoked");
    assert_eq!((&revoked["by"], actor(&revoked)), (&json!("operator"), by.clone()));

    let name = "told-by-events";
    let profile = RaProfile::new(name.parse().unwrap(), "issuing".parse().unwrap());
    let changed = || emitted(|event| event["profile"] == format!("raProfile.{name}"));
    for expected in [1, 1] {
        let set = json!({"acmeProfile": [], "raProfile": [&profile]});
        environment.act(json!({"action": "apply-profiles", "profiles": set})).await.unwrap();
        assert_eq!(changed().len(), expected, "unchanged profiles emit nothing");
    }
    let set = json!({"acmeProfile": [], "raProfile": [RaProfile { enabled: false, ..profile.clone() }]});
    environment.act(json!({"action": "apply-profiles", "profiles": set})).await.unwrap();
    let changes = changed();
    assert_eq!((changes.len(), &changes[0]["fields"], &changes[1]["fields"]), (2, &json!([]), &json!(["enabled"])));
    assert_eq!(actor(&changes[1]), by);
}

#[tokio::test]
async fn a_certificate_that_expires_soon_is_emitted_once_unless_it_was_replaced() {
    let environment = HOST.start().await;
    let ca = environment.directory("default");
    let (client, other) = (ca.client().await, ca.client().await);
    let ends = ends_soon(&client, "ends.test").await;
    let revoked = ends_soon(&client, "revoked.test").await;
    client.revoke(&revoked, 4).await.expect(200);
    ends_soon(&client, "again.test").await;
    let replaced = ends_soon(&client, "replaced.test").await;
    let names = ["replaced.test", "more.test"];
    let replacing = json!({"identifiers": identifiers(&names), "replaces": certificate_id(&replaced)});
    let order = client.post(client.url("newOrder"), &replacing).await.expect(201).location();
    client.authorize(&order).await;
    client.finish(order, &names, Key::p256()).await;
    for (client, name) in [(&client, "again.test"), (&client, "fresh.test"), (&other, "ends.test")] {
        client.obtain(&[name]).await;
    }
    ca.settled().await;

    // As if the expiry watch had not run for a while: otherwise a certificate of three days is
    // expiring from the start.
    let watch = environment.store().expiry_watch().await.unwrap().map(|watch| watch.version);
    let long_ago = ExpiryWatch { until: Timestamp::now() - SignedDuration::from_hours(1), after: None };
    let long_ago = Versioned::new(long_ago, OperationId::from_random([9; 16]));
    environment.store().put_expiry_watch(watch, &long_ago).await.unwrap();
    let mut environment = environment;
    for _ in 0..3 {
        environment = environment.an_hour_later().await;
        let told = only(&client, "certificate.expiring");
        assert_eq!((&told["certificate"], &told["names"]), (&json!(certificate_id(&ends)), &json!(["ends.test"])));
        none(&other, &["certificate.expiring"]);
    }
}

/// A certificate that expires in three days.
async fn ends_soon(client: &Client, name: &str) -> Issued {
    let end = acme::whole_seconds(Timestamp::now() + SignedDuration::from_hours(72));
    let request = json!({"identifiers": identifiers(&[name]), "notAfter": end.to_string()});
    let order = client.post(client.url("newOrder"), &request).await.expect(201).location();
    client.authorize(&order).await;
    client.finish(order, &[name], Key::p256()).await
}

fn actor(event: &Value) -> String {
    event["actor"].as_str().unwrap_or_else(|| panic!("there is no actor: {event}")).to_owned()
}

async fn disable(environment: &Environment, client: &Client) {
    let id = client.account_id();
    environment.act(json!({"action": "set-account-status", "id": id, "status": "revoked"})).await.unwrap();
}
