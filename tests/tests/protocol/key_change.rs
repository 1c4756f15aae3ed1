//! Key change (RFC 8555 §7.3.5).

use std::sync::Arc;

use serde_json::{Value, json};
use tests::{
    all,
    client::{Algorithm, Jws, Key},
};

use crate::HOST;

#[tokio::test]
async fn s7_a_key_can_be_changed_to_every_type_and_back() {
    HOST.on_both_families(async |ca| {
        let mut client = ca.client().await;
        let order = client.order(&["a.test"]).await;
        for algorithm in
            [Algorithm::Rs256, Algorithm::EdDsa, Algorithm::Es384, Algorithm::Es512, Algorithm::Rs256, Algorithm::Es256]
        {
            let new = Arc::new(Key::generate(algorithm));
            let reply = client.change_key(&client.rollover(&new)).await.expect(200);
            assert_eq!((reply.location().as_str(), &reply.json()["status"]), (client.account(), &json!("valid")));
            client.read(client.account()).await.expect(400);
            client = client.with_key(new).with_kid(client.account());
            client.read(&order).await.expect(200);
        }
        // An order that was created with one key is finished with another.
        client.authorize(&order).await;
        client.finish(order, &["a.test"], Key::p256()).await;
    })
    .await;
}

#[tokio::test]
async fn s7_the_old_key_can_be_used_for_another_account_afterwards() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let new = Arc::new(Key::p256());
        client.change_key(&client.rollover(&new)).await.expect(200);
        client.read(client.account()).await.refused(400, "malformed");
        assert_eq!(client.with_key(new).new_account(&json!({})).await.expect(200).location(), client.account());
        let second = client.new_account(&json!({})).await.expect(201).location();
        assert_ne!(second, client.account());
    })
    .await;
}

#[tokio::test]
async fn s7_a_key_that_is_in_use_is_answered_409_with_the_account_that_has_it() {
    HOST.on_both_families(async |ca| {
        let (client, other) = (ca.client().await, ca.client().await);
        let reply = client.change_key(&client.rollover(&other.key)).await;
        reply.refused(409, "malformed");
        assert_eq!(reply.location(), other.account());
        let reply = client.change_key(&client.rollover(&client.key)).await;
        reply.refused(409, "malformed");
        assert_eq!(reply.location(), client.account());
        client.read(client.account()).await.expect(200);
        other.read(other.account()).await.expect(200);
        // In another directory the key can be used.
        let elsewhere = ca.other().client().await;
        client.change_key(&client.rollover(&elsewhere.key)).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn n6_of_concurrent_key_changes_one_wins() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let keys: Vec<Arc<Key>> = (0..8).map(|_| Arc::new(Key::p256())).collect();
        let inner: Vec<Jws> = keys.iter().map(|key| client.rollover(key)).collect();
        let replies = all(inner.iter().map(|inner| client.change_key(inner))).await;
        let winners: Vec<usize> = (0..8).filter(|index| replies[*index].status == 200).collect();
        assert_eq!(winners.len(), 1, "{:?}", replies.iter().map(|reply| reply.text()).collect::<Vec<_>>());
        for (index, key) in keys.iter().enumerate() {
            let reply = client.with_key(key.clone()).new_account(&json!({"onlyReturnExisting": true})).await;
            if index == winners[0] {
                assert_eq!(reply.expect(200).location(), client.account());
            } else {
                reply.refused(400, "accountDoesNotExist");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn s7_two_accounts_that_want_the_same_key_at_once_do_not_both_get_it() {
    HOST.on_both_families(async |ca| {
        let (one, two) = (ca.client().await, ca.client().await);
        let key = Arc::new(Key::p256());
        let (first, second) = (one.rollover(&key), two.rollover(&key));
        let replies = all([one.change_key(&first), two.change_key(&second)]).await;
        let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
        statuses.sort();
        assert_eq!(statuses, [200, 409]);
    })
    .await;
}

#[tokio::test]
async fn n6_the_inner_jws_must_be_complete_and_agree_with_the_outer_one() {
    HOST.on_both_families(async |ca| {
        let (client, other) = (ca.client().await, ca.client().await);
        let there = ca.other().client().await;
        let new = Arc::new(Key::p256());
        let good = || client.rollover(&new);
        let saying = |account: Value, old_key: Value| {
            good().carrying(json!({"account": account, "oldKey": old_key}).to_string())
        };
        let own = || client.account().into();
        let url = |url: &str| good().with("url", url.into());
        for (name, inner, status, problem) in [
            ("signed by the old key", good().signed_by(&client.key), 400, "malformed"),
            ("signed by a third key", good().signed_by(&other.key), 400, "malformed"),
            ("the old key as jwk", good().with("jwk", client.key.jwk()).signed_by(&client.key), 409, "malformed"),
            ("kid instead of jwk", good().without("jwk").with("kid", own()), 400, "malformed"),
            ("kid and jwk", good().with("kid", own()), 400, "malformed"),
            ("another url", url(client.url("newAccount")), 401, "unauthorized"),
            ("the other directory's url", url(there.url("keyChange")), 401, "unauthorized"),
            ("no url", good().without("url"), 400, "malformed"),
            ("a nonce", good().with("nonce", client.fresh_nonce().await.into()), 400, "malformed"),
            ("an algorithm of other keys", good().with("alg", "ES384".into()), 400, "badSignatureAlgorithm"),
            ("no algorithm", good().without("alg"), 400, "malformed"),
            ("none", good().with("alg", "none".into()), 400, "badSignatureAlgorithm"),
            ("another account", saying(other.account().into(), client.key.jwk()), 400, "malformed"),
            ("the account of another directory", saying(there.account().into(), client.key.jwk()), 400, "malformed"),
            ("no account URL", saying("me".into(), client.key.jwk()), 400, "malformed"),
            ("another old key", saying(own(), other.key.jwk()), 400, "malformed"),
            ("the new key as the old one", saying(own(), new.jwk()), 400, "malformed"),
            ("no old key", good().carrying(json!({"account": client.account()}).to_string()), 400, "malformed"),
            ("a thumbprint as the old key", saying(own(), client.key.thumbprint().into()), 400, "malformed"),
            ("an empty old key", saying(own(), json!({})), 400, "malformed"),
            ("no object", good().carrying("[]"), 400, "malformed"),
            ("nothing", good().carrying(""), 400, "malformed"),
        ] {
            println!("{name}");
            let reply = client.change_key(&inner).await;
            reply.refused(status, problem);
        }
        client.read(client.account()).await.expect(200);
        client.change_key(&good()).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn n6_the_key_change_of_another_account_cannot_be_used() {
    HOST.on_both_families(async |ca| {
        let (client, other) = (ca.client().await, ca.client().await);
        let new = Arc::new(Key::p256());
        let stolen = other.rollover(&new);
        client.change_key(&stolen).await.refused(400, "malformed");
        for account in [&client, &other] {
            account.read(account.account()).await.expect(200);
        }
    })
    .await;
}

#[tokio::test]
async fn the_payload_of_a_key_change_is_a_jws() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let url = client.url("keyChange");
        for payload in ["", "{}", "[]", "null", "x", "{\"protected\":\"\",\"payload\":\"\",\"signature\":\"\"}"] {
            let jws = client.jws(url, payload).await;
            client.send(url, &jws).await.refused(400, "malformed");
        }
    })
    .await;
}
