//! Correctly signed requests with wrong contents, for each operation: each gets the right problem
//! and a fresh nonce, and changes nothing except that its own nonce is used.

use serde_json::{Value, json};
use tests::client::{Client, Key, Reply, csr, strings};

use crate::HOST;

use super::routes;

#[tokio::test]
async fn bad_input_a_payload_of_the_wrong_form_is_refused_by_every_operation_and_changes_nothing() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let routes = routes::signed(&client).await;
        for route in &routes {
            let faults: Vec<Vec<u8>> = wrong_forms().into_iter().chain(wrong_members(route.name)).collect();
            let before = ca.counts().writes;
            for payload in &faults {
                println!("{}: {}", route.name, String::from_utf8_lossy(&payload[..payload.len().min(80)]));
                let jws = route.jws(&client).await.carrying(payload.clone());
                refused(&client.send(&route.url, &jws).await);
            }
            let writes = ca.counts().writes - before;
            assert_eq!(writes, HOST.counted(faults.len() as u64), "{}: only the nonces are written", route.name);
        }
        for route in &routes {
            let reply = route.send(&client).await;
            assert!([200, 201].contains(&reply.status), "{}: {}", route.name, reply.text());
        }
    })
    .await;
}

#[tokio::test]
async fn bad_input_an_operation_that_reads_takes_no_payload() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        for route in routes::signed(&client)
            .await
            .iter()
            .filter(|route| route.payload.is_empty() && route.name != "authorization")
        {
            for payload in ["{}", "\"\"", " ", "null", "[]"] {
                let jws = route.jws(&client).await.carrying(payload);
                client.send(&route.url, &jws).await.refused(400, "malformed");
            }
            route.send(&client).await.expect(200);
        }
    })
    .await;
}

#[tokio::test]
async fn bad_input_an_operation_that_creates_something_needs_a_payload() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        for route in routes::signed(&client).await {
            if ["newAccount", "newOrder", "newAuthz", "finalize", "revokeCert", "keyChange"].contains(&route.name) {
                let jws = route.jws(&client).await.carrying("");
                client.send(&route.url, &jws).await.refused(400, "malformed");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn bad_input_impossible_ids_are_answered_404() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let before = ca.counts().writes;
        let mut requests = 0;
        for id in [
            "x",
            "0",
            "00000000000000000000000000",
            "zzzzzzzzzzzzzzzzzzzzzzzzzz",
            "..",
            "%00",
            "A".repeat(26).as_str(),
            "x".repeat(4000).as_str(),
        ] {
            for path in [
                format!("/acct/{id}"),
                format!("/acct/{id}/orders"),
                format!("/orders/{id}"),
                format!("/order/{id}"),
                format!("/order/{id}/finalize"),
                format!("/authz/{id}"),
                format!("/chall/{id}.http-01"),
                format!("/chall/{id}"),
                format!("/cert/{id}"),
            ] {
                let payload =
                    if path.ends_with("/finalize") { json!({"csr": "AAAA"}).to_string() } else { String::new() };
                let url = client.below(&path);
                let jws = client.jws(&url, payload).await;
                let reply = client.send(&url, &jws).await;
                reply.refused(404, "malformed");
                assert!(reply.header("replay-nonce").is_some(), "{path}");
                requests += 1;
            }
        }
        let writes = ca.counts().writes - before;
        assert!(writes <= requests, "{writes} writes for {requests} requests");
    })
    .await;
}

#[tokio::test]
async fn bad_input_the_wrong_state_is_refused_and_stays() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let pending = client.order(&["pending.test"]).await;
        let ready = client.ready_order(&["ready.test"]).await;
        let valid = client.obtain(&["valid.test"]).await;
        let invalid = super::challenges::failed_order(&client, &["invalid.test"]).await;
        let good = |name: &str| csr(&[name], &Key::p256());
        let all = [&pending, &ready, &valid.order, &invalid];
        let before = read(&client, &all).await;

        client.finalize(&pending, &good("pending.test")).await.refused(403, "orderNotReady");
        client.finalize(&invalid, &good("invalid.test")).await.refused(403, "orderNotReady");
        client.finalize(&valid.order, &good("valid.test")).await.refused(403, "orderNotReady");
        client.finalize(&ready, &good("other.test")).await.refused(400, "badCSR");
        for order in [&pending, &ready, &invalid] {
            client.read(&order.replace("/order/", "/cert/")).await.refused(404, "malformed");
        }
        let failed = strings(&before[3]["authorizations"]).remove(0);
        client.post(&failed, &json!({"status": "deactivated"})).await.refused(400, "malformed");
        assert_eq!(read(&client, &all).await, before);
    })
    .await;
}

#[tokio::test]
async fn threat_28_no_request_without_a_valid_signature_writes() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let routes = routes::signed(&client).await;
        let before = ca.counts().writes;
        let mut answered = 0;
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"] {
            for url in routes
                .iter()
                .map(|route| route.url.clone())
                .chain(["/directory", "/new-nonce", "/nothing", "/renewal-info/AAAA.AQ"].map(|path| client.below(path)))
            {
                for (media_type, body) in
                    [(None, &b""[..]), (Some(tests::client::JOSE), b"{}"), (Some("text/html"), b"<a>")]
                {
                    let reply = client.request(method, &url, media_type, body.to_vec()).await;
                    assert!(reply.status < 500, "{method} {url}: {}", reply.text());
                    answered += 1;
                }
            }
        }
        let url = client.url("newAccount");
        for _ in 0..50 {
            let forged = client.with_key(Key::p256()).jws(url, "{}").await.signed_by(&client.key);
            client.send(url, &forged).await.refused(400, "malformed");
            answered += 1;
        }
        let counts = ca.counts();
        assert_eq!(counts.writes, before, "{answered} requests of strangers wrote something");
        println!("{answered} requests of strangers: 0 writes");
    })
    .await;
}

/// Payloads that no operation accepts. None of them is empty: that would be a POST-as-GET.
fn wrong_forms() -> Vec<Vec<u8>> {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(8_000), close.repeat(8_000)).into_bytes();
    let mut forms: Vec<Vec<u8>> =
        ["[]", "null", "true", "1", "\"{}\"", "{", "{}{}", "{\"a\":}", "{\"a\":1,}", "hello", "\u{feff}{}", "{'a':1}"]
            .iter()
            .map(|form| form.as_bytes().to_vec())
            .collect();
    forms.extend([
        vec![0xff, 0xfe],
        b"{\"a\":\"\xff\"}".to_vec(),
        deep("[", "]"),
        deep("{\"a\":", "}"),
        vec![b' '; 40_000],
    ]);
    forms
}

/// Objects whose members have the wrong types, for each operation.
fn wrong_members(operation: &str) -> Vec<Vec<u8>> {
    let objects = match operation {
        "newAccount" => vec![
            json!({"contact": "mailto:a@b.test"}),
            json!({"contact": [1]}),
            json!({"contact": {}}),
            json!({"onlyReturnExisting": "yes"}),
            json!({"termsOfServiceAgreed": 1}),
        ],
        "account" => vec![json!({"contact": "x"}), json!({"status": ["deactivated"]}), json!({"contact": [null]})],
        "newOrder" => vec![
            json!({}),
            json!({"identifiers": null}),
            json!({"identifiers": []}),
            json!({"identifiers": {}}),
            json!({"identifiers": ["a.test"]}),
            json!({"identifiers": [{"type": "dns"}]}),
            json!({"identifiers": [{"value": "a.test"}]}),
            json!({"identifiers": [{"type": 1, "value": "a.test"}]}),
            json!({"identifiers": [{"type": "dns", "value": ["a.test"]}]}),
            json!({"identifiers": [{"type": "dns", "value": "a.test"}], "notAfter": 1}),
            json!({"identifiers": [{"type": "dns", "value": "a.test"}], "replaces": []}),
            json!({"identifiers": [{"type": "dns", "value": "a.test"}], "profile": 1}),
        ],
        "newAuthz" => {
            vec![json!({}), json!({"identifier": null}), json!({"identifier": "a.test"}), json!({"identifier": []})]
        }
        "finalize" => {
            vec![json!({}), json!({"csr": null}), json!({"csr": 1}), json!({"csr": ["AAAA"]}), json!({"csr": "+/"})]
        }
        "authorization" => vec![json!({"status": 1}), json!({"status": {}})],
        "revokeCert" => vec![
            json!({}),
            json!({"certificate": null}),
            json!({"certificate": 1}),
            json!({"certificate": "AAAA", "reason": "x"}),
        ],
        "keyChange" => vec![json!({}), json!({"account": 1}), json!({"protected": 1, "payload": 2, "signature": 3})],
        _ => Vec::new(),
    };
    objects.iter().map(|object| object.to_string().into_bytes()).collect()
}

fn refused(reply: &Reply) {
    let problem = reply.refused(400, "malformed");
    let detail = problem["detail"].as_str().unwrap();
    let of_parsers = ["invalid type", "expected", "line 1", "column", "missing field", "EOF"];
    assert!(!of_parsers.iter().any(|words| detail.contains(words)), "in the words of a parser: {detail}");
    assert!(reply.header("replay-nonce").is_some(), "a fresh nonce");
}

async fn read(client: &Client, urls: &[&String]) -> Vec<Value> {
    let mut objects = Vec::new();
    for url in urls {
        objects.push(client.read(url).await.expect(200).json());
    }
    objects
}
