//! Access to objects (N2, threat 14): for every account but its own, an object is as unknown as one
//! that never existed.

use serde_json::{Value, json};
use tests::client::{Client, Key, Reply, csr};

use crate::HOST;

use super::routes::{self, Route};

#[tokio::test]
async fn n2_threat_14_a_foreign_object_is_answered_like_an_unknown_one() {
    HOST.on_both_families(async |ca| {
        let (owner, other) = (ca.client().await, ca.client().await);
        // This account has objects of every kind, so that no difference is caused by having none.
        routes::signed(&other).await;
        let targets = targets(&owner).await;
        let before = seen(&owner, &targets).await;
        for target in &targets {
            println!("{} {}", target.name, target.url);
            let foreign = target.send(&other).await;
            foreign.refused(404, "malformed");
            let unknown = Route { url: unknown(&target.url), payload: target.payload.clone(), ..*target };
            assert_same(&foreign, &unknown.send(&other).await);
        }
        assert_eq!(seen(&owner, &targets).await, before, "nothing changed");
    })
    .await;
}

#[tokio::test]
async fn n2_threat_14_an_object_of_another_directory_is_unknown_to_the_same_key() {
    HOST.on_both_families(async |ca| {
        let owner = ca.client().await;
        let there = ca.other().stranger_with(owner.key.clone()).await.registered().await;
        let targets = targets(&owner).await;
        let before = seen(&owner, &targets).await;
        for target in &targets {
            println!("{}", target.name);
            // The same object below the other directory, requested by an account of the other
            // directory.
            let url = target.url.replace(&owner.below(""), &there.below(""));
            let moved = Route { url, payload: target.payload.clone(), ..*target };
            let foreign = moved.send(&there).await;
            foreign.refused(404, "malformed");
            let unknown = Route { url: unknown(&moved.url), payload: target.payload.clone(), ..*target };
            assert_same(&foreign, &unknown.send(&there).await);
            // The same object in its own directory, requested by an account of the other directory.
            let nonce = owner.fresh_nonce().await;
            let jws = target.jws(&there).await.with("nonce", nonce.into());
            owner.send(&target.url, &jws).await.refused(400, "accountDoesNotExist");
        }
        assert_eq!(seen(&owner, &targets).await, before, "nothing changed");
    })
    .await;
}

#[tokio::test]
async fn n2_the_id_of_one_kind_of_object_names_none_of_another_kind() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = client.order(&["a.test"]).await;
        let object = client.read(&order).await.json();
        let authorization = object["authorizations"][0].as_str().unwrap();
        let [order, authorization] = [order.as_str(), authorization].map(|url| url.rsplit('/').next().unwrap());
        let account = client.account_id();
        for path in [
            format!("/order/{authorization}"),
            format!("/order/{account}"),
            format!("/cert/{authorization}"),
            format!("/authz/{order}"),
            format!("/chall/{order}.http-01"),
            format!("/acct/{order}"),
            format!("/orders/{order}"),
        ] {
            client.read(&client.below(&path)).await.refused(404, "malformed");
        }
    })
    .await;
}

#[tokio::test]
async fn threat_14_orders_of_two_accounts_for_the_same_name_are_independent() {
    HOST.on_both_families(async |ca| {
        let (one, two) = (ca.client().await, ca.client().await);
        let ready = one.ready_order(&["same.test"]).await;
        let pending = two.order(&["same.test"]).await;
        two.finalize(&pending, &csr(&["same.test"], &Key::p256())).await.refused(403, "orderNotReady");
        two.finalize(&ready, &csr(&["same.test"], &Key::p256())).await.refused(404, "malformed");
        one.finish(ready, &["same.test"], Key::p256()).await;
        assert_eq!(two.read(&pending).await.json()["status"], "pending");
    })
    .await;
}

/// Every operation on every object of this account.
async fn targets(owner: &Client) -> Vec<Route> {
    let mut targets: Vec<Route> = routes::signed(owner).await;
    targets.retain(|route| {
        route.url.starts_with(&owner.below("/")) && route.url.trim_start_matches(&owner.below("/")).contains('/')
    });
    let mut more = Vec::new();
    for target in &targets {
        let route = |payload: Value| Route {
            name: target.name,
            url: target.url.clone(),
            payload: if payload.is_null() { Vec::new() } else { payload.to_string().into_bytes() },
            by_key: false,
        };
        match target.name {
            "account" => more.extend([route(Value::Null), route(json!({})), route(json!({"status": "deactivated"}))]),
            "authorization" => more.extend([route(json!({"status": "deactivated"})), route(json!({}))]),
            "challenge" => more.push(route(Value::Null)),
            _ => {}
        }
    }
    targets.extend(more);
    targets
}

/// Everything that the owner can read.
async fn seen(owner: &Client, targets: &[Route]) -> Vec<Vec<u8>> {
    let mut seen = Vec::new();
    for target in targets.iter().filter(|target| target.name != "finalize") {
        seen.push(owner.read(&target.url).await.expect(200).body.to_vec());
    }
    seen
}

/// The same URL with an id that never existed.
fn unknown(url: &str) -> String {
    let is_id = |segment: &&str| {
        segment.split('.').next().is_some_and(|id| id.len() == 26 && id.bytes().all(|b| b.is_ascii_alphanumeric()))
    };
    let id = url.split('/').find(is_id).unwrap().split('.').next().unwrap();
    url.replace(id, &id.chars().rev().map(|c| if c == '0' { '1' } else { '0' }).collect::<String>())
}

/// Checks that bodies and headers are equal, except for what differs in any two answers.
fn assert_same(foreign: &Reply, unknown: &Reply) {
    assert_eq!((foreign.status, &foreign.body), (unknown.status, &unknown.body));
    let headers = |reply: &Reply| {
        let mut headers = reply.headers.clone();
        for varying in ["replay-nonce", "date", "apigw-requestid"] {
            headers.remove(varying);
        }
        headers
    };
    assert_eq!(headers(foreign), headers(unknown));
}
