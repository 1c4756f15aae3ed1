//! Orders (RFC 8555 §7.4, §7.1.3).

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tests::client::{Issued, Key, identifiers, strings};

use crate::HOST;

#[tokio::test]
async fn s8_a_new_order_is_answered_201_with_everything_that_a_client_needs() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let reply = client.new_order(&["a.test", "b.test"]).await.expect(201);
        let (order, url) = (reply.json(), reply.location());
        assert_eq!(order["status"], "pending");
        assert_eq!(order["identifiers"], identifiers(&["a.test", "b.test"]));
        assert_eq!(order["finalize"], format!("{url}/finalize"));
        assert!(url.starts_with(&client.below("/order/")), "{url}");
        let authorizations = strings(&order["authorizations"]);
        assert_eq!(authorizations.len(), 2);
        for (authorization, name) in authorizations.iter().zip(["a.test", "b.test"]) {
            let object = client.read(authorization).await.expect(200).json();
            assert_eq!(object["identifier"]["value"], name, "authorizations are in the order of the names");
        }
        let expires: Timestamp = order["expires"].as_str().unwrap().parse().unwrap();
        let life = expires.duration_since(Timestamp::now());
        assert!(SignedDuration::from_secs(35_900) < life && life <= SignedDuration::from_secs(36_000), "{life}");
        assert_eq!(client.read(&url).await.expect(200).json(), order);
    })
    .await;
}

#[tokio::test]
async fn s8_names_are_in_canonical_form_and_without_repetition() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let reply = client.new_order(&["A.Test", "a.test", "b.test", "A.TEST"]).await.expect(201).json();
        assert_eq!(reply["identifiers"], identifiers(&["a.test", "b.test"]));
        assert_eq!(reply["authorizations"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn s8_the_certificate_has_the_requested_validity_to_the_second() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
        let (begin, end) = (now + SignedDuration::from_mins(10), now + SignedDuration::from_hours(48));
        let longest = now + SignedDuration::from_hours(45 * 24);
        for (asked, not_before, not_after) in [
            (json!({"notBefore": begin.to_string(), "notAfter": end.to_string()}), Some(begin), end),
            (json!({"notAfter": format!("{}.5+00:00", end.to_string().trim_end_matches('Z'))}), None, end),
            // The maximum of the profile, from now on, which is less than from when it begins.
            (json!({"notBefore": begin.to_string(), "notAfter": longest.to_string()}), Some(begin), longest),
            (json!({"notAfter": longest.to_string()}), None, longest),
        ] {
            let issued = ordered(&client, &asked).await;
            let validity = *issued.leaf().tbs_certificate().validity();
            let seconds = |time: x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs()).unwrap();
            assert_eq!(seconds(validity.not_after), not_after.as_second(), "{asked}");
            if let Some(not_before) = not_before {
                assert_eq!(seconds(validity.not_before), not_before.as_second(), "{asked}");
            }
            let order = client.read(&issued.order).await.json();
            if asked["notBefore"].is_string() {
                assert_eq!(order["notBefore"], asked["notBefore"]);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn s8_a_validity_that_cannot_be_honoured_is_refused() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let from_now = |hours: i64| (Timestamp::now() + SignedDuration::from_hours(hours)).to_string();
        for asked in [
            json!({"notAfter": from_now(-1)}),
            json!({"notBefore": from_now(10), "notAfter": from_now(9)}),
            json!({"notBefore": from_now(10), "notAfter": from_now(10 + 45 * 24)}),
            // What was shown today says nothing of the day after tomorrow.
            json!({"notBefore": from_now(25)}),
            json!({"notAfter": from_now(46 * 24)}),
            json!({"notBefore": from_now(-2)}),
            json!({"notBefore": from_now(46 * 24)}),
            json!({"notAfter": from_now(30 * 365 * 24)}),
            json!({"notAfter": "tomorrow"}),
            json!({"notAfter": "2026-13-01T00:00:00Z"}),
            json!({"notBefore": "2999-01-01T00:00:00"}),
            json!({"notBefore": 1}),
        ] {
            let mut request = asked.clone();
            request["identifiers"] = identifiers(&["a.test"]);
            let problem = client.post(client.url("newOrder"), &request).await.refused(400, "malformed");
            println!("{asked}: {}", problem["detail"]);
        }
    })
    .await;
}

#[tokio::test]
async fn s8_a_usual_certificate_has_exactly_the_seconds_of_the_profile_both_ends_included() {
    HOST.on_both_families(async |ca| {
        let issued = ca.client().await.obtain(&["a.test"]).await;
        let validity = *issued.leaf().tbs_certificate().validity();
        let life = validity.not_after.to_unix_duration() - validity.not_before.to_unix_duration();
        assert_eq!(life.as_secs() + 1, 45 * 24 * 60 * 60);
    })
    .await;
}

#[tokio::test]
async fn s10_an_order_is_readable_in_every_state() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let url = client.order(&["a.test"]).await;
        let read = async || client.read(&url).await.expect(200);

        let pending = read().await;
        assert_eq!(pending.json()["status"], "pending");
        assert_eq!(pending.header("retry-after"), Some("1"));

        client.authorize(&url).await;
        let ready = read().await;
        assert_eq!(ready.json()["status"], "ready");
        assert_eq!((ready.header("retry-after"), ready.json().get("certificate")), (None, None));

        let issued = client.finish(url.clone(), &["a.test"], Key::p256()).await;
        let valid = read().await;
        assert_eq!(valid.json()["status"], "valid");
        assert_eq!((valid.header("retry-after"), &valid.json()["certificate"]), (None, &json!(issued.certificate)));
        for member in ["identifiers", "authorizations", "finalize"] {
            assert_eq!(valid.json()[member], pending.json()[member]);
        }
    })
    .await;
}

#[tokio::test]
async fn s10_an_invalid_order_is_readable_with_its_error() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let url = super::challenges::failed_order(&client, &["invalid.test"]).await;
        let reply = client.read(&url).await.expect(200);
        let order = reply.json();
        assert_eq!(order["status"], "invalid");
        assert_eq!(order["error"]["identifier"], json!({"type": "dns", "value": "invalid.test"}));
        assert!(order["error"]["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        assert_eq!((reply.header("retry-after"), order.get("certificate")), (None, None));
        client.finalize(&url, b"").await.refused(403, "orderNotReady");
    })
    .await;
}

#[tokio::test]
async fn s10_an_expired_order_is_invalid_and_says_why() {
    let short = HOST.configured(|config| config.acme_profiles[0].validity = 1).await;
    short
        .on_both_families(async |ca| {
            let client = ca.client().await;
            let url = client.order(&["a.test"]).await;
            let order = client.wait(&url, "invalid").await;
            assert_eq!(order["error"]["type"], "urn:ietf:params:acme:error:unauthorized");
            assert!(order["error"]["detail"].as_str().unwrap().contains("expired"), "{order}");
            client.finalize(&url, b"").await.refused(403, "orderNotReady");
            let authorization = client.read(order["authorizations"][0].as_str().unwrap()).await.json();
            assert_eq!(authorization["status"], "expired");
            let challenge = authorization["challenges"][0]["url"].as_str().unwrap();
            client.post(challenge, &json!({})).await.refused(400, "malformed");
        })
        .await;
}

#[tokio::test]
async fn n11_a_valid_order_and_its_certificate_outlive_the_expiry_of_the_order() {
    let short = HOST.configured(|config| config.acme_profiles[0].validity = 3).await;
    short
        .on_both_families(async |ca| {
            let client = ca.client().await;
            let issued = client.obtain(&["a.test"]).await;
            let order = client.read(&issued.order).await.json();
            let authorization = order["authorizations"][0].as_str().unwrap();
            client.wait_until(authorization, |object| object["status"] == "expired").await;
            assert!(order["expires"].as_str().unwrap().parse::<Timestamp>().unwrap() < Timestamp::now());
            assert_eq!(client.read(&issued.order).await.expect(200).json(), order);
            assert_eq!(client.read(&issued.certificate).await.expect(200).text(), issued.chain);
        })
        .await;
}

#[tokio::test]
async fn n9_a_hundred_names_make_one_certificate_and_one_more_is_too_many() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let names: Vec<String> = (0..101).map(|number| format!("name-{number}.test")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        client.new_order(&names).await.refused(400, "malformed");
        let issued = client.obtain(&names[..100]).await;
        let mut found = super::certificates::names(&issued);
        let mut wanted: Vec<String> = names[..100].iter().map(|&name| name.to_owned()).collect();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted);
    })
    .await;
}

#[tokio::test]
async fn s19_a_profile_that_the_directory_does_not_offer_is_refused() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let request = json!({"identifiers": identifiers(&["a.test"]), "profile": "nowhere"});
        client.post(client.url("newOrder"), &request).await.refused(400, "invalidProfile");
    })
    .await;
}

#[tokio::test]
async fn unknown_members_of_an_order_are_ignored() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let request = json!({
            "identifiers": [{"type": "dns", "value": "a.test", "unknown": 1}],
            "status": "valid", "certificate": "https://evil.example", "unknown": {"deep": []},
        });
        let order = client.post(client.url("newOrder"), &request).await.expect(201).json();
        assert_eq!(order["status"], "pending");
        assert_eq!(order.get("certificate"), None::<&Value>);
    })
    .await;
}

/// Obtains a certificate with an order that has these members.
async fn ordered(client: &tests::client::Client, asked: &Value) -> Issued {
    let mut request = asked.clone();
    request["identifiers"] = identifiers(&["a.test"]);
    let order = client.post(client.url("newOrder"), &request).await.expect(201).location();
    client.authorize(&order).await;
    client.finish(order, &["a.test"], Key::p256()).await
}
