//! What unsigned requests, and requests of an account with old or used nonces, cost the operator:
//! nothing is written and nothing is signed, whatever the operation.

use std::sync::Arc;

use cloud::{Call, Service, Units};
use jiff::Timestamp;
use jose::base64url;
use tests::{
    Aws, Directory,
    client::{Client, JOSE, Jws, Key, Reply},
};

use crate::{
    HOST,
    routes::{self, Route},
};

#[tokio::test]
async fn threat_28_unsigned_requests_write_and_sign_nothing() {
    nothing_is_paid_for(async |_, client, route| {
        for (media_type, body) in [(None, &b""[..]), (Some(JOSE), b"{}"), (Some("application/json"), b"{}")] {
            refused(&client.request("POST", &route.url, media_type, body.to_vec()).await);
        }
        for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
            let reply = client.request(method, &route.url, None, Vec::new()).await;
            assert!([204, 405].contains(&reply.status), "{method} {}", route.url);
        }
    })
    .await;
}

#[tokio::test]
async fn threat_28_badly_signed_requests_write_and_sign_nothing() {
    nothing_is_paid_for(async |_, client, route| {
        let mut forged = route.jws(client).await.members();
        forged["signature"] = base64url::encode(&[7; 64]).into();
        let body = forged.to_string().into_bytes();
        refused(&client.request("POST", &route.url, Some(JOSE), body).await);
        let of_another_key = route.jws(client).await.signed_by(&Arc::new(Key::p256()));
        refused(&client.send(&route.url, &of_another_key).await);
    })
    .await;
}

#[tokio::test]
async fn threat_28_stale_nonces_write_and_sign_nothing() {
    nothing_is_paid_for(async |ca, client, route| {
        let nonce = ca.nonce_made_at(Timestamp::now().as_second() - 2 * 24 * 60 * 60).await;
        let stale = route.jws(client).await.with("nonce", nonce.into());
        client.send(&route.url, &stale).await.refused(400, "badNonce");
        let unknown = route.jws(client).await.with("nonce", base64url::encode(&[1; 32]).into());
        client.send(&route.url, &unknown).await.refused(400, "badNonce");
    })
    .await;
}

#[tokio::test]
async fn threat_28_replayed_requests_write_and_sign_nothing() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let mut sent: Vec<(Route, Jws)> = Vec::new();
        for route in routes::signed(&client).await {
            // The last request changes the key with which the others are signed.
            if route.name == "keyChange" {
                continue;
            }
            let jws = route.jws(&client).await;
            let reply = client.send(&route.url, &jws).await;
            assert!([200, 201].contains(&reply.status), "{}: {}", route.name, reply.text());
            sent.push((route, jws));
        }
        ca.aws().settled().await;
        let before = ca.aws().cloud().calls().len();
        for (route, jws) in &sent {
            for _ in 0..3 {
                println!("{}", route.name);
                client.send(&route.url, jws).await.refused(400, "badNonce");
            }
        }
        let calls = since(ca.aws(), before);
        assert_nothing_done(&calls);
        let refused: Units = calls.iter().map(|call| call.units).sum();
        println!("{} replayed requests: {} write units for refused conditions", 3 * sent.len(), refused.write);
    })
    .await;
}

/// Runs an attack on every signed operation of one account, and checks that valid requests still
/// succeed afterwards.
async fn nothing_is_paid_for(attack: impl AsyncFn(&Directory<'_>, &Client, &Route)) {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let routes = routes::signed(&client).await;
        ca.aws().settled().await;
        for route in &routes {
            let before = ca.aws().cloud().calls().len();
            attack(&ca, &client, route).await;
            ca.aws().settled().await;
            let calls = since(ca.aws(), before);
            let units: Units = calls.iter().map(|call| call.units).sum();
            println!("{}: {} read units", route.name, units.read);
            assert_nothing_done(&calls);
            assert_eq!(units.write, 0.0, "{}: not even a refused write", route.name);
        }
        for route in &routes {
            let reply = route.send(&client).await;
            assert!([200, 201].contains(&reply.status), "{}: {}", route.name, reply.text());
        }
    })
    .await;
}

fn since(aws: &Aws, before: usize) -> Vec<Call> {
    aws.cloud().calls().split_off(before)
}

/// Checks that no write was applied, nothing was signed, and no work was queued.
#[track_caller]
fn assert_nothing_done(calls: &[Call]) {
    for call in calls {
        let is_paid = match call.service {
            Service::DynamoDb => call.is_applied() && call.units.write > 0.0,
            Service::Kms => call.operation == "Sign",
            Service::EventBridge | Service::Lambda | Service::S3 | Service::Sqs => true,
        };
        assert!(!is_paid, "{call:?}");
    }
}

#[track_caller]
fn refused(reply: &Reply) {
    assert!((400..500).contains(&reply.status), "{}", reply.text());
}
