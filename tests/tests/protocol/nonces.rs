//! Nonces (RFC 8555 §6.5, §7.2).

use jose::base64url;
use serde_json::json;
use tests::{all, client::JOSE, client::Key};

use crate::HOST;

#[tokio::test]
async fn s3_a_nonce_is_obtained_by_head_and_by_get() {
    HOST.on_both_families(async |ca| {
        let client = ca.stranger().await;
        for (method, status) in [("HEAD", 200), ("GET", 204)] {
            let reply = client.request(method, client.url("newNonce"), None, Vec::new()).await.expect(status);
            assert_eq!(reply.header("cache-control"), Some("no-store"), "{method}");
            assert_eq!(reply.link("index").as_deref(), Some(ca.url().as_str()), "{method}");
            assert!(reply.body.is_empty(), "{method}");
            let nonce = reply.header("replay-nonce").unwrap();
            assert!(base64url::decode(nonce).is_ok(), "{nonce}");
        }
    })
    .await;
}

#[tokio::test]
async fn s3_every_nonce_is_unique_and_valid_for_a_request() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let mut seen = std::collections::HashSet::new();
        for _ in 0..50 {
            let nonce = client.fresh_nonce().await;
            let jws = client.jws(client.account(), "").await.with("nonce", nonce.as_str().into());
            client.send(client.account(), &jws).await.expect(200);
            assert!(seen.insert(nonce));
        }
    })
    .await;
}

#[tokio::test]
async fn threat_17_a_nonce_is_valid_once() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let jws = client.jws(client.account(), "").await;
        client.send(client.account(), &jws).await.expect(200);
        for _ in 0..2 {
            let reply = client.send(client.account(), &jws).await;
            reply.refused(400, "badNonce");
            let again = jws.clone().with("nonce", reply.header("replay-nonce").unwrap().into());
            client.send(client.account(), &again).await.expect(200);
        }
        // Nor is it valid for another operation or another key.
        let url = client.url("newAccount");
        let other = client.with_key(Key::p256()).jws(url, "{}").await.with("nonce", jws.protected["nonce"].clone());
        client.send(url, &other).await.refused(400, "badNonce");
    })
    .await;
}

#[tokio::test]
async fn threat_17_a_nonce_that_arrives_many_times_at_once_is_valid_once() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let jws = client.jws(client.account(), "").await;
        let replies = all((0..20).map(|_| client.send(client.account(), &jws))).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
        for reply in replies.iter().filter(|reply| reply.status != 200) {
            reply.refused(400, "badNonce");
        }
    })
    .await;
}

#[tokio::test]
async fn threat_17_a_nonce_of_another_directory_is_refused() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let there = ca.other().stranger().await.fresh_nonce().await;
        let jws = client.jws(client.account(), "").await.with("nonce", there.into());
        client.send(client.account(), &jws).await.refused(400, "badNonce");
    })
    .await;
}

#[tokio::test]
async fn threat_17_a_nonce_that_was_not_made_here_is_refused() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let good = base64url::decode(&client.fresh_nonce().await).unwrap();
        let mut invented =
            vec![Vec::new(), vec![0; good.len()], good[1..].to_vec(), [&good[..], &[0]].concat(), vec![7; 4000]];
        for position in 0..good.len() {
            let mut other = good.clone();
            other[position] ^= 1;
            invented.push(other);
        }
        for nonce in invented {
            let jws = client.jws(client.account(), "").await.with("nonce", base64url::encode(&nonce).into());
            client.send(client.account(), &jws).await.refused(400, "badNonce");
        }
        let jws = client.jws(client.account(), "").await.without("nonce");
        client.send(client.account(), &jws).await.refused(400, "badNonce");
        // A value that is not base64url is not a nonce at all (RFC 8555 §6.5.2).
        for nonce in [json!("=="), json!("a b"), json!("\u{e9}"), json!(1), json!(null), json!(["a"])] {
            let jws = client.jws(client.account(), "").await.with("nonce", nonce);
            client.send(client.account(), &jws).await.refused(400, "malformed");
        }
    })
    .await;
}

#[tokio::test]
async fn threat_17_an_old_nonce_is_refused() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let now = jiff::Timestamp::now().as_second();
        for (age, good) in [(10, true), (3500, true), (3700, false), (1_000_000, false), (-3700, false)] {
            let nonce = ca.nonce_made_at(now - age).await;
            let jws = client.jws(client.account(), "").await.with("nonce", nonce.into());
            let reply = client.send(client.account(), &jws).await;
            if good {
                reply.expect(200);
            } else {
                reply.refused(400, "badNonce");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn n1_a_request_without_a_valid_signature_cannot_use_up_a_nonce() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let good = client.jws(client.account(), "").await;
        let mut forged = good.members();
        forged["signature"] = base64url::encode(&[7; 64]).into();
        let body = forged.to_string().into_bytes();
        client.request("POST", client.account(), Some(JOSE), body).await.refused(400, "malformed");
        client.send(client.account(), &good).await.expect(200);
    })
    .await;
}
