//! What every signed request must be (RFC 8555 §6.2 to §6.5), tested with every operation that
//! takes one.
//!
//! None of the refused requests is signed by the key of its account, so none may write anything.

use std::sync::Arc;

use aws_lc_rs::hmac;
use jose::base64url;
use serde_json::{Value, json};
use tests::{
    Directory,
    client::{Client, JOSE, Jws, Key},
};

use crate::HOST;

use super::routes::{self, Route};

/// A request that must be refused: the name of the fault, the body, and the refusal.
type Fault = (&'static str, Vec<u8>, u16, &'static str);

#[tokio::test]
async fn n1_threat_18_the_signature_of_every_operation_is_checked() {
    refuses_on_every_route(async |_, client, route| {
        let other = Arc::new(Key::p256());
        let good = route.jws(client).await;
        let signature = |octets: &[u8]| with_member(&good, "signature", base64url::encode(octets).into());
        let real = good.members();
        let real = base64url::decode(real["signature"].as_str().unwrap()).unwrap();
        let mut flipped = real.clone();
        flipped[20] ^= 1;
        let mut forged_header = good.protected.clone();
        forged_header.insert("extra".to_owned(), json!(1));
        let forged_header = base64url::encode(Value::Object(forged_header).to_string().as_bytes());
        vec![
            ("signed by another key", good.clone().signed_by(&other).body(), 400, "malformed"),
            ("a flipped bit", signature(&flipped), 400, "malformed"),
            (
                "another payload",
                with_member(&good, "payload", base64url::encode(b"{\"a\":1}").into()),
                400,
                "malformed",
            ),
            ("another header", with_member(&good, "protected", forged_header.into()), 400, "malformed"),
            ("no octets", signature(&[]), 400, "malformed"),
            ("r and s are zero", signature(&[0; 64]), 400, "malformed"),
            ("r and s are the largest", signature(&[0xff; 64]), 400, "malformed"),
            ("an octet less", signature(&real[..63]), 400, "malformed"),
            ("an octet more", signature(&[&real[..], &[0]].concat()), 400, "malformed"),
            ("in DER", signature(&der(&real)), 400, "malformed"),
        ]
    })
    .await;
}

#[tokio::test]
async fn n1_threat_20_the_algorithm_is_supported_and_that_of_the_key() {
    refuses_on_every_route(async |_, client, route| {
        let good = route.jws(client).await;
        let with = |algorithm: &str| good.clone().with("alg", algorithm.into());
        let none = with_member(&with("none"), "signature", "".into());
        let confused = |name| {
            let jws = with(name);
            let mut members = jws.members();
            let input = format!("{}.{}", members["protected"].as_str().unwrap(), members["payload"].as_str().unwrap());
            let key = hmac::Key::new(hmac::HMAC_SHA256, client.key.pair().public_key_raw());
            members["signature"] = base64url::encode(hmac::sign(&key, input.as_bytes()).as_ref()).into();
            members.to_string().into_bytes()
        };
        vec![
            ("none without a signature", none, 400, "badSignatureAlgorithm"),
            ("none with one", with("none").body(), 400, "badSignatureAlgorithm"),
            ("a MAC by the public key", confused("HS256"), 400, "badSignatureAlgorithm"),
            ("another curve", with("ES384").body(), 400, "badSignatureAlgorithm"),
            ("another kind of key", with("RS256").body(), 400, "badSignatureAlgorithm"),
            ("in lower case", with("es256").body(), 400, "badSignatureAlgorithm"),
            ("no name", with("").body(), 400, "badSignatureAlgorithm"),
            ("no string", good.clone().with("alg", json!(["ES256"])).body(), 400, "malformed"),
            ("none at all", good.clone().without("alg").body(), 400, "malformed"),
        ]
    })
    .await;
}

#[tokio::test]
async fn n1_threat_20_a_request_names_exactly_one_key() {
    refuses_on_every_route(async |ca, client, route| {
        let good = route.jws(client).await;
        let kid = |kid: &str| good.clone().without("jwk").with("kid", kid.into()).body();
        let neither = good.clone().without("jwk").without("kid").body();
        let both = good.clone().with("jwk", client.key.jwk()).with("kid", client.account().into()).body();
        let mut faults = vec![("both", both, 400, "malformed"), ("neither", neither, 400, "malformed")];
        if route.by_key {
            faults.push(("the wrong one", kid(client.account()), 400, "malformed"));
            return faults;
        }
        if route.name != "revokeCert" {
            faults.push((
                "the wrong one",
                good.clone().without("kid").with("jwk", client.key.jwk()).body(),
                400,
                "malformed",
            ));
        }
        let unknown = client.account().replace(client.account_id(), "00000000000000000000000000");
        let elsewhere = ca.other().stranger_with(client.key.clone()).await;
        let elsewhere = elsewhere.new_account(&json!({})).await.location();
        let other = ca.client().await;
        faults.extend([
            ("an unknown account", kid(&unknown), 400, "accountDoesNotExist"),
            ("an account of another directory", kid(&elsewhere), 400, "accountDoesNotExist"),
            ("the id alone", kid(client.account_id()), 400, "accountDoesNotExist"),
            ("the path alone", kid(&format!("/acct/{}", client.account_id())), 400, "accountDoesNotExist"),
            ("something behind", kid(&format!("{}/", client.account())), 400, "accountDoesNotExist"),
            ("another host", kid(&client.account().replace("localhost", "evil.example")), 400, "accountDoesNotExist"),
            ("nothing", kid(""), 400, "accountDoesNotExist"),
            ("another account", kid(other.account()), 400, "malformed"),
            ("no string", good.clone().with("kid", json!(1)).body(), 400, "malformed"),
        ]);
        faults
    })
    .await;
}

#[tokio::test]
async fn n1_threat_20_the_signed_url_is_that_of_the_request_to_the_byte() {
    refuses_on_every_route(async |ca, client, route| {
        let good = route.jws(client).await;
        let url = |url: &str| good.clone().with("url", url.into()).body();
        let here = &route.url;
        vec![
            ("another operation's", url(&client.below("/new-nonce")), 401, "unauthorized"),
            (
                "the other directory's",
                url(&here.replace(&client.below(""), ca.other().url().trim_end_matches("/directory"))),
                401,
                "unauthorized",
            ),
            ("http", url(&here.replace("https:", "http:")), 401, "unauthorized"),
            ("another host", url(&here.replace("localhost", "127.0.0.1")), 401, "unauthorized"),
            ("the host in capitals", url(&here.replace("localhost", "LOCALHOST")), 401, "unauthorized"),
            ("a slash more", url(&format!("{here}/")), 401, "unauthorized"),
            ("a query more", url(&format!("{here}?a")), 401, "unauthorized"),
            ("a fragment", url(&format!("{here}#")), 401, "unauthorized"),
            ("percent-encoded", url(&here.replace("acme", "%61cme")), 401, "unauthorized"),
            ("the path alone", url(here.split_once("/api").unwrap().1), 401, "unauthorized"),
            ("nothing", url(""), 401, "unauthorized"),
            ("no string", good.clone().with("url", json!([here])).body(), 400, "malformed"),
            ("none at all", good.clone().without("url").body(), 400, "malformed"),
        ]
    })
    .await;
}

#[tokio::test]
async fn n1_threat_17_every_operation_accepts_only_a_fresh_nonce() {
    refuses_on_every_route(async |ca, client, route| {
        let good = route.jws(client).await;
        let nonce = |nonce: &str| good.clone().with("nonce", nonce.into()).body();
        vec![
            ("none at all", good.clone().without("nonce").body(), 400, "badNonce"),
            ("nothing", nonce(""), 400, "badNonce"),
            ("an invented one", nonce(&base64url::encode(&[7; 32])), 400, "badNonce"),
            ("one of the other directory", nonce(&ca.other().stranger().await.fresh_nonce().await), 400, "badNonce"),
            ("no base64url", nonce("*"), 400, "malformed"),
            ("no string", good.clone().with("nonce", json!({})).body(), 400, "malformed"),
        ]
    })
    .await;
}

#[tokio::test]
async fn n1_threat_20_the_form_is_flattened_with_everything_protected() {
    refuses_on_every_route(async |_, client, route| {
        let good = route.jws(client).await;
        let members = good.members();
        let text = members.to_string();
        let part = |name: &str| members[name].as_str().unwrap();
        let header = Value::Object(good.protected.clone()).to_string();
        let general = json!({"payload": members["payload"], "signatures": [{"protected": members["protected"], "signature": members["signature"]}]});
        let compact = format!("{}.{}.{}", part("protected"), part("payload"), part("signature"));
        let mut padded = members.clone();
        padded["signature"] = format!("{}==", part("signature")).into();
        let mut without = members.clone();
        without.as_object_mut().unwrap().remove("payload");
        let repeated_parameter = good.members_with_header(&format!("{{\"alg\":\"none\",{}", &header[1..]));
        let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
        vec![
            ("an unprotected header", with_member(&good, "header", json!({"kid": client.account()})), 400, "malformed"),
            ("an empty unprotected header", with_member(&good, "header", json!({})), 400, "malformed"),
            ("another member", with_member(&good, "extra", json!(1)), 400, "malformed"),
            ("several signatures", with_member(&good, "signatures", general["signatures"].clone()), 400, "malformed"),
            ("the general form", general.to_string().into_bytes(), 400, "malformed"),
            ("the compact form", compact.into_bytes(), 400, "malformed"),
            ("the compact form in quotes", json!("a.b.c").to_string().into_bytes(), 400, "malformed"),
            ("padding", padded.to_string().into_bytes(), 400, "malformed"),
            ("no payload member", without.to_string().into_bytes(), 400, "malformed"),
            ("a repeated member", format!("{{\"payload\":\"\",{}", &text[1..]).into_bytes(), 400, "malformed"),
            ("a repeated parameter", repeated_parameter.to_string().into_bytes(), 400, "malformed"),
            ("crit", good.clone().with("crit", json!(["exp"])).body(), 400, "malformed"),
            ("an empty crit", good.clone().with("crit", json!([])).body(), 400, "malformed"),
            ("b64", good.clone().with("b64", json!(false)).body(), 400, "malformed"),
            ("a header that is not an object", good.members_with_header("[]").to_string().into_bytes(), 400, "malformed"),
            ("two values", format!("{text}{text}").into_bytes(), 400, "malformed"),
            ("an array", format!("[{text}]").into_bytes(), 400, "malformed"),
            ("no body", Vec::new(), 400, "malformed"),
            ("no JSON", b"hello".to_vec(), 400, "malformed"),
            ("no UTF-8", vec![0xff, 0xfe, b'{', b'}'], 400, "malformed"),
            ("null", b"null".to_vec(), 400, "malformed"),
            ("deep JSON", deep.clone().into_bytes(), 400, "malformed"),
            ("deep JSON in a member", format!("{{\"protected\":{deep}}}").into_bytes(), 400, "malformed"),
            ("1 MB of dots", vec![b'.'; 1 << 20], 413, "malformed"),
            ("1 MB of JSON", with_member(&good, "payload", "A".repeat(1 << 20).into()), 413, "malformed"),
        ]
    })
    .await;
}

#[tokio::test]
async fn n1_unknown_header_parameters_are_ignored() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        for route in routes::signed(&client).await {
            let jws = route.jws(&client).await.with("typ", "JOSE+JSON".into()).with("unknown", json!({"deep": [null]}));
            let reply = client.send(&route.url, &jws).await;
            assert!([200, 201].contains(&reply.status), "{}: {}", route.name, reply.text());
        }
    })
    .await;
}

/// Sends all faults to every route, and then the valid request, to show that only the fault was the
/// reason.
async fn refuses_on_every_route(faults: impl AsyncFn(&Directory<'_>, &Client, &Route) -> Vec<Fault>) {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        let routes = routes::signed(&client).await;
        let mut prepared = Vec::new();
        for route in &routes {
            prepared.push(faults(&ca, &client, route).await);
        }
        let before = ca.counts().writes;
        for (route, faults) in routes.iter().zip(prepared) {
            for (name, body, status, problem) in faults {
                println!("{}: {name}", route.name);
                let reply = client.request("POST", &route.url, Some(JOSE), body).await;
                reply.refused(status, problem);
                assert!(reply.header("replay-nonce").is_some(), "a fresh nonce");
            }
        }
        assert_eq!(ca.counts().writes, before, "nothing was written");
        for route in &routes {
            let reply = route.send(&client).await;
            assert!([200, 201].contains(&reply.status), "{}: {}", route.name, reply.text());
        }
    })
    .await;
}

fn with_member(jws: &Jws, name: &str, value: Value) -> Vec<u8> {
    let mut members = jws.members();
    members[name] = value;
    members.to_string().into_bytes()
}

/// The ASN.1 form of r and s.
fn der(signature: &[u8]) -> Vec<u8> {
    let integer = |octets: &[u8]| [&[2, octets.len() as u8 + 1, 0][..], octets].concat();
    let (r, s) = signature.split_at(32);
    let both = [integer(r), integer(s)].concat();
    [&[0x30, both.len() as u8][..], &both].concat()
}
