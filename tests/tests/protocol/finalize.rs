//! Finalize (RFC 8555 §7.4).

use serde_json::json;
use tests::{
    all,
    client::{Algorithm, Key, csr, strings},
};

use crate::HOST;

#[tokio::test]
async fn s11_finalizing_returns_the_order_with_its_location() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = client.ready_order(&["a.test"]).await;
        let reply = client.finalize(&order, &csr(&["a.test"], &Key::p256())).await.expect(200);
        assert_eq!(reply.location(), order, "some clients look for the order here");
        assert_eq!(reply.json()["status"], "valid");
        assert_eq!(reply.json(), client.read(&order).await.json());
        client.read(reply.json()["certificate"].as_str().unwrap()).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn s11_an_order_that_is_not_ready_is_refused_and_does_not_change() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = client.order(&["a.test"]).await;
        let request = csr(&["a.test"], &Key::p256());
        client.finalize(&order, &request).await.refused(403, "orderNotReady");
        assert_eq!(client.read(&order).await.json()["status"], "pending");
        client.authorize(&order).await;
        client.finalize(&order, &request).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn n3_threat_18_an_order_is_ready_only_when_all_its_names_are_validated() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let names = ["a.test", "b.test", "c.test"];
        let order = client.order(&names).await;
        let request = csr(&names, &Key::p256());
        for url in strings(&client.read(&order).await.json()["authorizations"]) {
            assert_eq!(client.read(&order).await.json()["status"], "pending");
            client.finalize(&order, &request).await.refused(403, "orderNotReady");
            client.solve(&url, "http-01").await;
        }
        assert_eq!(client.read(&order).await.json()["status"], "ready");
        client.finalize(&order, &request).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn n3_challenges_of_one_name_do_not_count_for_another() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = client.order(&["a.test", "b.test"]).await;
        let first = strings(&client.read(&order).await.json()["authorizations"]).remove(0);
        client.solve(&first, "dns-01").await;
        client.finalize(&order, &csr(&["a.test", "b.test"], &Key::p256())).await.refused(403, "orderNotReady");
        client.finalize(&order, &csr(&["a.test"], &Key::p256())).await.refused(403, "orderNotReady");
    })
    .await;
}

#[tokio::test]
async fn s11_the_same_request_again_returns_the_same_order() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = client.ready_order(&["a.test"]).await;
        let request = csr(&["a.test"], &Key::p256());
        let first = client.finalize(&order, &request).await.expect(200);
        let chain = client.read(first.json()["certificate"].as_str().unwrap()).await.text();
        let again = client.finalize(&order, &request).await.expect(200);
        assert_eq!((again.json(), again.location()), (first.json(), order.clone()));
        assert_eq!(client.read(again.json()["certificate"].as_str().unwrap()).await.text(), chain);

        let other = csr(&["a.test"], &Key::p256());
        client.finalize(&order, &other).await.refused(403, "orderNotReady");
        client.finalize(&order, b"no request").await.refused(400, "badCSR");
        assert_eq!(client.read(&order).await.json(), first.json());
    })
    .await;
}

#[tokio::test]
async fn s11_threat_29_the_same_request_many_times_at_once_makes_one_certificate() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = client.ready_order(&["a.test"]).await;
        let request = csr(&["a.test"], &Key::p256());
        let mut chains = std::collections::HashSet::new();
        for reply in all((0..10).map(|_| client.finalize(&order, &request))).await {
            let status = reply.expect(200).json()["status"].clone();
            assert!(["processing", "valid"].contains(&status.as_str().unwrap()), "{status}");
            let object = client.wait(&order, "valid").await;
            chains.insert(client.read(object["certificate"].as_str().unwrap()).await.expect(200).text());
        }
        assert_eq!(chains.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn s11_of_different_requests_at_once_one_gets_the_certificate() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = client.ready_order(&["a.test"]).await;
        let keys: Vec<Key> = (0..6).map(|_| Key::p256()).collect();
        let requests: Vec<_> = keys.iter().map(|key| csr(&["a.test"], key)).collect();
        let replies = all(requests.iter().map(|request| client.finalize(&order, request))).await;
        let winners: Vec<usize> = (0..6).filter(|index| replies[*index].status == 200).collect();
        assert_eq!(winners.len(), 1, "{replies:?}");
        for reply in replies.iter().filter(|reply| reply.status != 200) {
            reply.refused(403, "orderNotReady");
        }
        let object = client.wait(&order, "valid").await;
        let chain = client.read(object["certificate"].as_str().unwrap()).await.expect(200).text();
        let winner = keys[winners[0]].pair().public_key_raw().to_vec();
        assert_eq!(super::certificates::public_key(&chain), winner, "the certificate has the key of the winner");
    })
    .await;
}

#[tokio::test]
async fn n4_the_request_must_have_exactly_the_names_of_the_order() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = client.ready_order(&["a.test", "b.test"]).await;
        for names in [
            &["a.test"][..],
            &["b.test"],
            &["a.test", "b.test", "c.test"],
            &["a.test", "c.test"],
            &["a.test", "*.b.test"],
            &["a.test", "b.test", "127.0.0.1"],
            &[],
        ] {
            client.finalize(&order, &csr(names, &Key::p256())).await.refused(400, "badCSR");
        }
        assert_eq!(client.read(&order).await.json()["status"], "ready", "a refused request can be corrected");
        let folded = csr(&["B.TEST", "A.test", "b.test"], &Key::p256());
        client.finalize(&order, &folded).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn n4_threat_23_the_account_key_cannot_be_a_certificate_key() {
    HOST.on_both_families(async |ca| {
        for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa] {
            let client = ca.client_with(algorithm).await;
            let order = client.ready_order(&["a.test"]).await;
            client.finalize(&order, &csr(&["a.test"], &client.key)).await.refused(400, "badCSR");
            // The key of another account is that subscriber's own responsibility.
            let other = ca.client().await;
            client.finalize(&order, &csr(&["a.test"], &other.key)).await.expect(200);
        }
    })
    .await;
}

#[tokio::test]
async fn a_malformed_certificate_request_is_refused() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let order = client.ready_order(&["a.test"]).await;
        let good = csr(&["a.test"], &Key::p256());
        let mut forged = good.clone();
        *forged.last_mut().unwrap() ^= 1;
        let longer = [&good[..], &[0]].concat();
        for bad in [&b""[..], b"\x30\x80", &good[1..], &good[..good.len() - 1], &longer, &forged, &[0x30; 5000]] {
            client.finalize(&order, bad).await.refused(400, "badCSR");
        }
        let url = format!("{order}/finalize");
        for payload in [
            json!({}),
            json!({"csr": null}),
            json!({"csr": 1}),
            json!({"csr": "a b"}),
            json!({"csr": "AAA="}),
            json!({"csr": "-----BEGIN CERTIFICATE REQUEST-----"}),
        ] {
            client.post(&url, &payload).await.refused(400, "malformed");
        }
        client.finalize(&order, &good).await.expect(200);
    })
    .await;
}
