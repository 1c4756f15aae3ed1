//! Authorizations (RFC 8555 §7.1.4, §7.4.1, §7.5).

use jiff::Timestamp;
use serde_json::{Value, json};
use tests::client::{Client, Reply, challenge, identifiers, strings};

use crate::HOST;

#[tokio::test]
async fn s12_a_pending_authorization_lists_the_challenges() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let url = only_authorization(&client, "a.test").await;
        let reply = client.read(&url).await.expect(200);
        assert_eq!(reply.header("retry-after"), Some("1"));
        let object = reply.json();
        assert_eq!(object["identifier"], json!({"type": "dns", "value": "a.test"}));
        assert_eq!(object["status"], "pending");
        assert!(object["expires"].as_str().unwrap().parse::<Timestamp>().unwrap() > Timestamp::now());
        assert_eq!(object.get("wildcard"), None);
        assert_eq!(
            offered(&object),
            ["http-01", "dns-01", "tls-alpn-01"],
            "a stable order, for clients that take the first"
        );
        for challenge in object["challenges"].as_array().unwrap() {
            assert_eq!(challenge["status"], "pending");
            assert!(challenge["token"].is_string() && challenge["url"].is_string());
            assert_eq!((challenge.get("validated"), challenge.get("error")), (None, None));
        }
    })
    .await;
}

#[tokio::test]
async fn s12_a_valid_authorization_lists_the_challenge_that_was_validated() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        for way in ["http-01", "dns-01", "tls-alpn-01"] {
            let url = only_authorization(&client, &format!("{way}.test")).await;
            let object = client.solve(&url, way).await;
            assert_eq!(offered(&object), [way]);
            let challenge = challenge(&object, way);
            assert_eq!(challenge["status"], "valid");
            assert!(challenge["validated"].as_str().unwrap().parse::<Timestamp>().is_ok());
            assert_eq!(client.read(&url).await.header("retry-after"), None);
        }
    })
    .await;
}

#[tokio::test]
async fn s12_a_valid_authorization_is_reused_by_the_next_order_of_the_account() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let first = client.read(&client.ready_order(&["a.test"]).await).await.json();
        let second = client.new_order(&["A.test"]).await.expect(201).json();
        assert_eq!(second["status"], "ready", "an order of validated names only is ready at once");
        assert_eq!(second["authorizations"], first["authorizations"]);
        let third = client.new_order(&["a.test", "b.test"]).await.expect(201).json();
        assert_eq!(third["status"], "pending");
        assert_eq!(third["authorizations"][0], first["authorizations"][0]);
        assert_ne!(third["authorizations"][1], first["authorizations"][0]);

        let other = ca.client().await.new_order(&["a.test"]).await.expect(201).json();
        assert_eq!(other["status"], "pending", "an authorization of another account does not count");
    })
    .await;
}

#[tokio::test]
async fn s12_what_has_ended_or_was_answered_is_not_reused() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let first = only_authorization(&client, "a.test").await;
        client.post(&first, &json!({"status": "deactivated"})).await.expect(200);
        let second = only_authorization(&client, "a.test").await;
        assert_ne!(second, first, "it was deactivated");
        // Nothing answers yet, so it is validated for a while.
        let challenge = challenge(&client.read(&second).await.json(), "http-01")["url"].as_str().unwrap().to_owned();
        client.post(&challenge, &json!({})).await.expect(200);
        let third = only_authorization(&client, "a.test").await;
        assert_ne!(third, second, "it may fail, and the new order with it");
        client.solve(&third, "dns-01").await;
        client.post(&third, &json!({"status": "deactivated"})).await.expect(200);
        assert_ne!(only_authorization(&client, "a.test").await, third);
    })
    .await;
}

#[tokio::test]
async fn s12_pending_authorizations_are_shared_by_the_orders_of_an_account() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let first = client.order(&["a.test", "b.test"]).await;
        let second = client.order(&["b.test", "*.a.test", "a.test"]).await;
        let ahead = ahead(&client, "b.test").await.expect(200).location();
        let of = async |order: &str| strings(&client.read(order).await.json()["authorizations"]);
        let (one, two) = (of(&first).await, of(&second).await);
        assert_eq!((&one[0], &one[1], &ahead), (&two[2], &two[0], &one[1]));
        assert!(!one.contains(&two[1]), "a wildcard is an identifier of its own");
        let other = ca.client().await;
        let foreign = strings(&other.new_order(&["a.test"]).await.expect(201).json()["authorizations"]);
        assert!(!one.contains(&foreign[0]), "another account has its own");

        client.solve(&one[0], "http-01").await;
        client.solve(&one[1], "http-01").await;
        assert_eq!(client.read(&first).await.json()["status"], "ready");
        assert_eq!(client.read(&second).await.json()["status"], "pending", "the wildcard is not shown");
        client.solve(&two[1], "dns-01").await;
        assert_eq!(client.read(&second).await.json()["status"], "ready");
    })
    .await;
}

#[tokio::test]
async fn s12_who_deactivates_a_shared_authorization_ends_all_orders_that_need_it() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let orders = [client.order(&["a.test"]).await, client.order(&["a.test", "b.test"]).await];
        let shared = strings(&client.read(&orders[0]).await.json()["authorizations"]).remove(0);
        client.post(&shared, &json!({"status": "deactivated"})).await.expect(200);
        for order in &orders {
            let object = client.read(order).await.json();
            assert_eq!(object["status"], "invalid");
            let detail = object["error"].to_string();
            assert!(detail.contains("The authorization was deactivated."), "{detail}");
        }
        let order = client.ready_order(&["a.test", "b.test"]).await;
        client.finish(order, &["a.test", "b.test"], tests::client::Key::p256()).await;
    })
    .await;
}

#[tokio::test]
async fn s12_a_name_can_be_authorized_ahead_of_an_order() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let reply = ahead(&client, "a.test").await.expect(201);
        let url = reply.location();
        assert_eq!(reply.json()["status"], "pending");
        assert_eq!(client.read(&url).await.expect(200).json(), reply.json());
        client.solve(&url, "http-01").await;

        let again = ahead(&client, "A.TEST").await.expect(200);
        assert_eq!((again.location(), &again.json()["status"]), (url.clone(), &json!("valid")));
        let order = client.new_order(&["a.test"]).await.expect(201).json();
        assert_eq!((order["status"].as_str(), strings(&order["authorizations"])), (Some("ready"), vec![url]));
    })
    .await;
}

#[tokio::test]
async fn n7_a_wildcard_cannot_be_authorized_ahead_of_an_order() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let problem = ahead(&client, "*.a.test").await.refused(400, "rejectedIdentifier");
        assert_eq!(problem["identifier"]["value"], "*.a.test");
    })
    .await;
}

#[tokio::test]
async fn n7_a_wildcard_is_validated_by_dns_only_and_without_its_asterisk() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = client.order(&["*.a.test", "a.test"]).await;
        let urls = strings(&client.read(&order).await.json()["authorizations"]);
        let wildcard = client.read(&urls[0]).await.json();
        assert_eq!(wildcard["identifier"]["value"], "a.test");
        assert_eq!(wildcard["wildcard"], true);
        assert_eq!(offered(&wildcard), ["dns-01"]);
        let base = client.read(&urls[1]).await.json();
        assert_eq!((base.get("wildcard"), offered(&base).len()), (None, 3));

        client.solve(&urls[1], "dns-01").await;
        assert_eq!(
            client.read(&order).await.json()["status"],
            "pending",
            "an authorization for the base name does not cover the wildcard"
        );
        client.solve(&urls[0], "dns-01").await;
        let issued = client.finish(order, &["*.a.test", "a.test"], tests::client::Key::p256()).await;
        assert_eq!(super::certificates::names(&issued), ["*.a.test", "a.test"]);
    })
    .await;
}

#[tokio::test]
async fn n7_a_wildcard_is_refused_where_dns_is_not_offered() {
    let without =
        HOST.configured(|config| config.acme_profiles[0].challenge_types.retain(|t| t.as_str() != "dns-01")).await;
    without
        .on_both_families(async |ca| {
            let client = ca.client().await;
            let problem = client.new_order(&["*.a.test"]).await.refused(400, "rejectedIdentifier");
            assert!(problem["detail"].as_str().unwrap().contains("dns-01"), "{problem}");
            let object = client.read(&only_authorization(&client, "a.test").await).await.json();
            assert_eq!(offered(&object), ["http-01", "tls-alpn-01"]);
        })
        .await;
}

#[tokio::test]
async fn s12_a_deactivated_authorization_stays_deactivated_and_ends_its_order() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        for solved in [false, true] {
            let order = client.order(&["a.test"]).await;
            let url = strings(&client.read(&order).await.json()["authorizations"]).remove(0);
            if solved {
                client.solve(&url, "http-01").await;
            }
            for _ in 0..2 {
                let object = client.post(&url, &json!({"status": "deactivated"})).await.expect(200).json();
                assert_eq!(object["status"], "deactivated");
            }
            assert_eq!(client.read(&url).await.json()["status"], "deactivated");
            assert_eq!(client.read(&order).await.json()["status"], "invalid");
            client.finalize(&order, b"").await.refused(403, "orderNotReady");
            let object = client.read(&url).await.json();
            let challenge = object["challenges"][0]["url"].as_str().unwrap();
            let reply = client.post(challenge, &json!({})).await;
            if solved {
                assert_eq!(reply.expect(200).json()["status"], "valid", "a settled challenge does not change");
            } else {
                reply.refused(400, "malformed");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn s12_no_status_but_deactivated_can_be_set() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let url = only_authorization(&client, "a.test").await;
        for status in ["valid", "invalid", "revoked", "Deactivated", ""] {
            client.post(&url, &json!({"status": status})).await.refused(400, "malformed");
        }
        assert_eq!(client.post(&url, &json!({"unknown": 1})).await.expect(200).json()["status"], "pending");
    })
    .await;
}

#[tokio::test]
async fn s12_a_failed_authorization_cannot_be_deactivated() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = super::challenges::failed_order(&client, &["a.test"]).await;
        let url = strings(&client.read(&order).await.json()["authorizations"]).remove(0);
        client.post(&url, &json!({"status": "deactivated"})).await.refused(400, "malformed");
        assert_eq!(client.read(&url).await.json()["status"], "invalid");
    })
    .await;
}

/// The URL of the authorization of a new order for only this name.
async fn only_authorization(client: &Client, name: &str) -> String {
    strings(&client.new_order(&[name]).await.expect(201).json()["authorizations"]).remove(0)
}

async fn ahead(client: &Client, name: &str) -> Reply {
    let identifier = identifiers(&[name])[0].clone();
    client.post(client.url("newAuthz"), &json!({"identifier": identifier})).await
}

fn offered(authorization: &Value) -> Vec<&str> {
    authorization["challenges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|challenge| challenge["type"].as_str().unwrap())
        .collect()
}
