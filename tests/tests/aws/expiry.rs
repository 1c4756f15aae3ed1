//! What is stored, and for how long.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tests::Directory;

use crate::{HOST, everything, operator, patient::Patient, story};

#[tokio::test]
async fn everything_but_accounts_grants_keys_profiles_issuers_and_seals_expires() {
    let environment = HOST.configured(|config| config.ca.issuing_days = 120).await;
    let play = async |ca: Directory<'_>| drop(story::play(&ca, &Patient::new(&ca).await, &["story.test"]).await);
    environment.on_both_families(play).await;
    let environment = environment.an_hour_later().await;
    let environment = operator::administers(everything::bound_accounts(environment).await).await;
    let now = Timestamp::now().as_second();
    let mut nouns: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for item in environment.aws().items() {
        let key = item["pk"]["S"].as_str().unwrap();
        let noun = key.split('#').next().unwrap().to_owned();
        let expires: Option<i64> = item.get("expires").map(|value| value["N"].as_str().unwrap().parse().unwrap());
        let is_kept = ["ACCOUNT", "GRANT", "KEY", "PROFILE", "ISSUER", "SCHEMA", "SEAL"].contains(&noun.as_str());
        match expires {
            None => assert!(is_kept, "{key} never expires"),
            Some(second) => {
                assert!(!is_kept, "{key} expires");
                assert!((now..now + FAR).contains(&second), "{key} expires at {second}");
            }
        }
        let (items, octets) = nouns.entry(noun).or_default();
        *items += 1;
        *octets += serde_json::to_string(&item).unwrap().len();
    }
    for (noun, (items, octets)) in &nouns {
        println!("{noun:<14} {items:>3} items, {octets} octets as JSON");
    }
    let seen: Vec<&str> = nouns.keys().map(String::as_str).collect();
    assert_eq!(seen, NOUNS, "every noun occurred");
}

/// Every noun of the table, the first part of a partition key.
const NOUNS: [&str; 21] = [
    "ACCOUNT",
    "AUDIT",
    "AUTHORIZATION",
    "BLOCKED",
    "CERTIFICATE",
    "CRL",
    "EAB",
    "GRANT",
    "INCIDENT",
    "ISSUER",
    "KEY",
    "LIMIT",
    "NONCE",
    "ORDER",
    "ORDERS",
    "PROFILE",
    "PROOF",
    "SCHEMA",
    "SEAL",
    "SECRET",
    "WATCH",
];

/// No expiry date is further in the future than this: 25 years, in seconds.
const FAR: i64 = 25 * 366 * 24 * 60 * 60;
