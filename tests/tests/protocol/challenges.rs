//! Challenges (RFC 8555 §7.1.5, §7.5.1, §8).

use std::time::Duration;

use serde_json::{Value, json};
use tests::{
    Host, all,
    challenge_server::{Page, well_known},
    client::{Client, challenge, strings},
};

use crate::HOST;

#[tokio::test]
async fn s13_a_challenge_is_read_by_an_empty_payload_and_started_by_an_object() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let (authorization, http) = pending(&client, "a.test", "http-01").await;
        let reply = client.read(&url(&http)).await.expect(200);
        assert_eq!(reply.json(), http, "reading starts nothing");
        assert_eq!(reply.link("up").as_deref(), Some(authorization.as_str()));
        assert_eq!(reply.header("retry-after"), Some("1"));

        let object = client.read(&authorization).await.json();
        client.provision(&object, &http);
        // Clients of older drafts send members in it.
        let started =
            client.post(&url(&http), &json!({"keyAuthorization": "old", "type": "http-01"})).await.expect(200);
        assert_eq!(started.link("up").as_deref(), Some(authorization.as_str()));
        client.wait(&authorization, "valid").await;
        let valid = client.read(&url(&http)).await.expect(200);
        assert_eq!(valid.json()["status"], "valid");
        assert_eq!(valid.json()["token"], http["token"]);
        assert_eq!(valid.header("retry-after"), None);
    })
    .await;
}

#[tokio::test]
async fn s13_a_challenge_that_is_being_validated_is_processing_and_has_retry_after() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let (authorization, http) = pending(&client, "a.test", "http-01").await;
        let token = http["token"].as_str().unwrap();
        let proof = client.key_authorization(token);
        client.challenges().web.set(&well_known(token), slowly(proof.as_str()));
        let started = client.post(&url(&http), &json!({})).await.expect(200);
        for reply in [started, client.read(&url(&http)).await] {
            assert_eq!(reply.json()["status"], "processing");
            assert_eq!(reply.header("retry-after"), Some("1"));
        }
        let waiting = client.read(&authorization).await;
        assert_eq!((waiting.json()["status"].as_str(), waiting.header("retry-after")), (Some("pending"), Some("1")));
        client.wait(&authorization, "valid").await;
    })
    .await;
}

#[tokio::test]
async fn s13_in_one_process_a_target_that_answers_at_once_is_valid_in_the_first_answer() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let (authorization, http) = pending(&client, "a.test", "http-01").await;
        client.provision(&client.read(&authorization).await.json(), &http);
        let first = client.post(&url(&http), &json!({})).await.expect(200);
        if HOST == Host::OneProcess {
            assert_eq!(first.json()["status"], "valid");
            assert_eq!(first.header("retry-after"), None);
        }
        client.wait(&authorization, "valid").await;
    })
    .await;
}

#[tokio::test]
async fn s13_a_failed_attempt_is_visible_while_the_challenge_is_processing_and_the_next_may_succeed() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let (authorization, http) = pending(&client, "a.test", "http-01").await;
        client.post(&url(&http), &json!({})).await.expect(200);
        let failed = client.wait_until(&url(&http), |object| object.get("error").is_some()).await;
        assert_eq!(failed["status"], "processing");
        assert_eq!(failed["error"]["type"], "urn:ietf:params:acme:error:incorrectResponse");
        assert!(failed["error"]["detail"].as_str().unwrap().contains("404"), "{failed}");
        assert_eq!(client.read(&authorization).await.json()["status"], "pending");

        client.provision(&client.read(&authorization).await.json(), &http);
        // Another response while it is processing starts the next attempt at once.
        client.post(&url(&http), &json!({})).await.expect(200);
        let valid = client.wait(&authorization, "valid").await;
        assert_eq!(challenge(&valid, "http-01").get("error"), None);
    })
    .await;
}

#[tokio::test]
async fn threat_12_clients_do_not_learn_what_was_read_where_anyone_can_have_private_networks_probed() {
    for is_open in [true, false] {
        let environment = HOST.start().await;
        let mut waiting = Vec::new();
        for name in ["default", "raProfile/default"] {
            let client = environment.directory(name).client().await;
            let (authorization, http) = pending(&client, "a.test", "http-01").await;
            waiting.push((client, authorization, http));
        }
        let environment = if is_open {
            environment
        } else {
            environment.restarted(|config| config.acme_profiles[0].external_account_required = true).await
        };
        for (client, authorization, http) in waiting {
            let page = Page::text("db_password=hunter2");
            client.challenges().web.set(&well_known(http["token"].as_str().unwrap()), page);
            client.post(&url(&http), &json!({})).await.expect(200);
            let failed = client.wait_until(&url(&http), |object| object.get("error").is_some()).await;
            let detail = failed["error"]["detail"].as_str().unwrap();
            assert_eq!(detail.contains("hunter2"), !is_open, "{detail}");
            assert!(detail.contains("the key authorization"), "what to do is said: {detail}");
            let id = authorization.rsplit('/').next().unwrap().parse().unwrap();
            let account = client.account_id().parse().unwrap();
            let stored = environment.store().authorization(account, id).await.unwrap().unwrap();
            let attempt = &stored.challenge(acme::ChallengeType::Http01).unwrap().attempts[0];
            assert!(attempt.whole().detail.contains("hunter2"), "the operator sees it");
        }
    }
}

#[tokio::test]
async fn s13_after_three_failed_attempts_challenge_authorization_and_order_are_invalid() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = client.order(&["a.test"]).await;
        let authorization = strings(&client.read(&order).await.json()["authorizations"]).remove(0);
        let object = client.read(&authorization).await.json();
        let http = challenge(&object, "http-01");
        client.post(&url(&http), &json!({})).await.expect(200);
        let invalid = loop {
            let object = client.wait_until(&url(&http), |object| object.get("error").is_some()).await;
            if object["status"] == "invalid" {
                break object;
            }
            client.post(&url(&http), &json!({})).await.expect(200);
        };
        assert_eq!(probes(&client, &http), 3);
        assert_eq!(client.wait(&authorization, "invalid").await["status"], "invalid");
        let order = client.read(&order).await.json();
        assert_eq!((&order["status"], &order["error"]["type"]), (&json!("invalid"), &invalid["error"]["type"]));

        // A settled challenge does not change, and the others of its authorization can no longer be
        // validated.
        assert_eq!(client.post(&url(&http), &json!({})).await.expect(200).json(), invalid);
        let neighbour = challenge(&object, "dns-01");
        client.post(&url(&neighbour), &json!({})).await.refused(400, "malformed");
        assert_eq!(probes(&client, &http), 3);
    })
    .await;
}

#[tokio::test]
async fn threat_8_requests_at_the_same_time_start_one_validation() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let (authorization, http) = pending(&client, "a.test", "http-01").await;
        client.provision(&client.read(&authorization).await.json(), &http);
        let url = url(&http);
        let mut requests = Vec::new();
        for _ in 0..20 {
            requests.push(client.jws(&url, "{}").await);
        }
        for reply in all(requests.iter().map(|jws| client.send(&url, jws))).await {
            let status = reply.expect(200).json()["status"].clone();
            assert!(["processing", "valid"].contains(&status.as_str().unwrap()), "{status}");
        }
        client.wait(&authorization, "valid").await;
        assert_eq!(probes(&client, &http), 1);
    })
    .await;
}

#[tokio::test]
async fn n3_a_valid_challenge_does_not_change() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let (authorization, http) = pending(&client, "a.test", "http-01").await;
        let valid = client.solve(&authorization, "http-01").await;
        client.challenges().web.remove_token(http["token"].as_str().unwrap());
        for _ in 0..3 {
            assert_eq!(client.post(&url(&http), &json!({})).await.expect(200).json()["status"], "valid");
        }
        assert_eq!(client.read(&authorization).await.json(), valid);
        assert_eq!(probes(&client, &http), 1);
    })
    .await;
}

#[tokio::test]
async fn s13_each_authorization_has_a_token_of_its_own() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let mut tokens = std::collections::HashSet::new();
        for number in 0..10 {
            let (_, http) = pending(&client, &format!("a{number}.test"), "http-01").await;
            let token = http["token"].as_str().unwrap().to_owned();
            assert!(token.len() >= 22, "at least 128 bits: {token}");
            assert!(tokens.insert(token));
        }
    })
    .await;
}

#[tokio::test]
async fn threat_1_the_response_of_one_account_does_not_help_another() {
    HOST.on_both_families(async |ca| {
        let (client, other) = (ca.client().await, ca.client().await);
        let (_, http) = pending(&client, "a.test", "http-01").await;
        let token = http["token"].as_str().unwrap();
        client.challenges().set_http(token, other.key_authorization(token).as_str());
        client.post(&url(&http), &json!({})).await.expect(200);
        let failed = client.wait_until(&url(&http), |object| object.get("error").is_some()).await;
        assert_eq!(failed["error"]["type"], "urn:ietf:params:acme:error:incorrectResponse");
    })
    .await;
}

/// Those that it asked for stay, whatever became of them.
#[tokio::test]
async fn s13_challenges_that_no_one_asked_for_end_with_a_success() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let (authorization, _) = pending(&client, "a.test", "http-01").await;
        let object = client.read(&authorization).await.json();
        let [http, dns, alpn] = ["http-01", "dns-01", "tls-alpn-01"].map(|way| challenge(&object, way));
        client.challenges().dns.set_addresses("a.test", &["127.0.0.1"]);
        client.post(&url(&dns), &json!({})).await.expect(200);
        client.wait_until(&url(&dns), |object| object.get("error").is_some()).await;
        client.solve(&authorization, "http-01").await;
        client.read(&url(&http)).await.expect(200);
        assert_eq!(client.read(&url(&dns)).await.expect(200).json()["status"], "pending");
        client.read(&url(&alpn)).await.refused(404, "malformed");
        client.post(&url(&alpn), &json!({})).await.refused(404, "malformed");
    })
    .await;
}

#[tokio::test]
async fn a_challenge_that_is_not_offered_is_unknown() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = client.order(&["*.a.test"]).await;
        let authorization = strings(&client.read(&order).await.json()["authorizations"]).remove(0);
        let id = authorization.rsplit('/').next().unwrap();
        for r#type in ["http-01", "tls-alpn-01", "dns-account-01", "", "HTTP-01"] {
            let url = client.below(&format!("/chall/{id}.{type}"));
            client.post(&url, &json!({})).await.refused(404, "malformed");
            client.read(&url).await.refused(404, "malformed");
        }
    })
    .await;
}

/// A new order for these names, none of which can be validated: they resolve to an address that is
/// never allowed.
pub(crate) async fn failed_order(client: &Client, names: &[&str]) -> String {
    for name in names {
        client.challenges().dns.set_addresses(name, &["169.254.169.254"]);
    }
    let order = client.order(names).await;
    for url in strings(&client.read(&order).await.json()["authorizations"]) {
        let object = client.read(&url).await.json();
        client.post(&self::url(&challenge(&object, "http-01")), &json!({})).await.expect(200);
        client.wait(&url, "invalid").await;
    }
    order
}

/// A pending authorization of a new order for the name, and its challenge of this type.
async fn pending(client: &Client, name: &str, way: &str) -> (String, Value) {
    let order = client.new_order(&[name]).await.expect(201).json();
    let authorization = strings(&order["authorizations"]).remove(0);
    let object = client.read(&authorization).await.expect(200).json();
    (authorization, challenge(&object, way))
}

fn url(challenge: &Value) -> String {
    challenge["url"].as_str().unwrap().to_owned()
}

/// A correct page that is served slowly.
fn slowly(body: &str) -> Page {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    Page::Endless { head, piece: body.as_bytes().to_vec(), pause: Duration::from_secs(2) }
}

/// The number of requests for the key authorization.
fn probes(client: &Client, http: &Value) -> usize {
    let path = well_known(http["token"].as_str().unwrap());
    client.challenges().web.requests().iter().filter(|request| request.path == path).count()
}
