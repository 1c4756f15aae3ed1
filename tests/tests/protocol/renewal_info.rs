//! Renewal information (RFC 9773).

use jiff::{SignedDuration, Timestamp};
use jose::base64url;
use serde_json::{Value, json};
use tests::client::{Client, Issued, Key, Reply, identifiers, strings};

use crate::HOST;

#[tokio::test]
async fn s18_a_window_is_suggested_without_authentication() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let issued = client.obtain(&["a.test"]).await;
        let reply = info(&client, &issued).await.expect(200);
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(reply.header("retry-after"), Some("21600"));
        assert_eq!(reply.link("index").as_deref(), Some(ca.url().as_str()));
        assert_eq!(reply.header("replay-nonce"), None);
        let (start, end) = window(&reply);
        let validity = *issued.leaf().tbs_certificate().validity();
        let second = |time: x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs()).unwrap();
        let (begin, stop) = (second(validity.not_before), second(validity.not_after));
        assert!(begin < start.as_second() && start < end && end.as_second() < stop);
        assert!(start.as_second() > begin + (stop - begin) / 2, "not in the first half of the life");
    })
    .await;
}

#[tokio::test]
async fn s18_clients_of_a_short_certificate_are_asked_back_before_its_window_has_passed() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let end = Timestamp::now() + SignedDuration::from_hours(1);
        let order = json!({"identifiers": identifiers(&["a.test"]), "notAfter": end.to_string()});
        let order = client.post(client.url("newOrder"), &order).await.expect(201).location();
        client.authorize(&order).await;
        let issued = client.finish(order, &["a.test"], Key::p256()).await;
        let reply = info(&client, &issued).await.expect(200);
        let (_, closes) = window(&reply);
        let retry_after: i64 = reply.header("retry-after").unwrap().parse().unwrap();
        assert!(Timestamp::now() + SignedDuration::from_secs(retry_after) < closes, "{retry_after}");
    })
    .await;
}

#[tokio::test]
async fn s18_the_window_of_a_revoked_certificate_has_passed() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let issued = client.obtain(&["a.test"]).await;
        client.revoke(&issued, 4).await.expect(200);
        let (start, end) = window(&info(&client, &issued).await.expect(200));
        assert!(start < end && end < Timestamp::now() - SignedDuration::from_mins(1));
    })
    .await;
}

#[tokio::test]
async fn s18_an_unknown_certificate_id_is_answered_404() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let id = certificate_id(&client.obtain(&["a.test"]).await);
        let (issuer, serial) = id.split_once('.').unwrap();
        let flipped = base64url::encode(&[0x11; 20]);
        for id in [
            format!("{flipped}.{serial}"),
            format!("{issuer}.AQ"),
            format!("{issuer}.{serial}A"),
            format!("{issuer}.{serial}.{serial}"),
            format!("{issuer}."),
            format!(".{serial}"),
            issuer.to_owned(),
            format!("{issuer}=.{serial}"),
            format!("{id}/"),
            format!("{}.{serial}", "A".repeat(3000)),
            "%2e%2e".to_owned(),
            String::new(),
        ] {
            let url = format!("{}/{id}", client.url("renewalInfo"));
            client.http().get(&url).await.refused(404, "malformed");
        }
    })
    .await;
}

#[tokio::test]
async fn s18_an_order_says_which_certificate_it_replaces() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let issued = client.obtain(&["a.test", "b.test"]).await;
        let id = certificate_id(&issued);
        let reply = replacing(&client, &["b.test", "c.test"], &id).await.expect(201);
        assert_eq!(reply.json()["replaces"], id);
        assert_eq!(client.read(&reply.location()).await.json()["replaces"], id);
        client.authorize(&reply.location()).await;
        let second = client.finish(reply.location(), &["b.test", "c.test"], Key::p256()).await;
        assert_eq!(client.read(&second.order).await.json()["replaces"], id);
    })
    .await;
}

#[tokio::test]
async fn s18_replaces_is_checked() {
    HOST.on_both_families(async |ca| {
        let (client, other) = (ca.client().await, ca.client().await);
        let id = certificate_id(&client.obtain(&["a.test"]).await);
        replacing(&client, &["b.test"], &id).await.refused(400, "malformed");
        replacing(&other, &["a.test"], &id).await.refused(400, "malformed");
        let unknown = format!("{}.AQ", id.split_once('.').unwrap().0);
        for id in [unknown.as_str(), "", "x", "a.b.c", "AA==.AQ"] {
            replacing(&client, &["a.test"], id).await.refused(400, "malformed");
        }
        let foreign = replacing(&other, &["a.test"], &id).await;
        assert_eq!(foreign.body, replacing(&other, &["a.test"], &unknown).await.body);
        replacing(&client, &["a.test"], &id).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn s18_a_certificate_is_replaced_once_and_is_free_again_when_the_replacing_order_fails() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let id = certificate_id(&client.obtain(&["a.test"]).await);
        let first = replacing(&client, &["a.test", "b.test"], &id).await.expect(201);
        replacing(&client, &["a.test"], &id).await.refused(409, "alreadyReplaced");

        let pending = strings(&first.json()["authorizations"]).remove(1);
        client.post(&pending, &json!({"status": "deactivated"})).await.expect(200);
        assert_eq!(client.read(&first.location()).await.json()["status"], "invalid");
        let second = replacing(&client, &["a.test"], &id).await.expect(201);
        client.finish(second.location(), &["a.test"], Key::p256()).await;
        replacing(&client, &["a.test"], &id).await.refused(409, "alreadyReplaced");
        client.new_order(&["a.test"]).await.expect(201);
    })
    .await;
}

/// The certificate's id (RFC 9773 §4.1).
pub(crate) fn certificate_id(issued: &Issued) -> String {
    tests::client::certificate_id(&issued.chain)
}

async fn info(client: &Client, issued: &Issued) -> Reply {
    client.http().get(&format!("{}/{}", client.url("renewalInfo"), certificate_id(issued))).await
}

fn window(reply: &Reply) -> (Timestamp, Timestamp) {
    let window: Value = reply.json()["suggestedWindow"].clone();
    let time = |member: &str| window[member].as_str().unwrap().parse().unwrap();
    (time("start"), time("end"))
}

async fn replacing(client: &Client, names: &[&str], id: &str) -> Reply {
    let payload = json!({"identifiers": identifiers(names), "replaces": id});
    client.post(client.url("newOrder"), &payload).await
}
