//! The identifiers that a directory issues for.

use std::sync::Arc;

use acme::IdentifierObject;
use ra::{Directory, Error, IdentifierRefusal, Refusal};
use store::AcmeProfile;
use tempfile::TempDir;

use crate::ca::{Ca, Keys, csr, request};

async fn ca() -> (TempDir, Arc<Keys>, Ca) {
    let folder = TempDir::new().unwrap();
    let keys = Arc::new(Keys::default());
    let ca = Ca::open(&folder.path().join("store.redb"), &keys).await;
    (folder, keys, ca)
}

fn with_rules(ca: &Ca, rules: &[&str]) -> Directory {
    let allowed_identifiers = rules.iter().map(|rule| rule.parse().unwrap()).collect();
    let acme = AcmeProfile { allowed_identifiers, ..ca.serving.acme.clone() };
    Directory { acme, ..Directory::clone(&ca.serving) }
}

fn is_refused<T>(result: Result<T, Error>) -> bool {
    let Err(Error::Refused(Refusal::Identifiers(refused))) = result else { return false };
    refused.iter().all(|(_, refusal)| matches!(refusal, IdentifierRefusal::Rule(_)))
}

#[tokio::test]
async fn n9_names_outside_the_rules_are_refused_by_orders_and_authorizations() {
    let (_folder, _keys, ca) = ca().await;
    let account = ca.account().await;
    let name = IdentifierObject { r#type: "dns".to_owned(), value: "www.example.test".to_owned() };
    for (rules, fits) in [
        (&["www.example.test"][..], true),
        (&[".other.test", ".example.test"], true),
        (&[".www.example.test"], false),
        (&["10.0.0.0/8"], false),
    ] {
        let serving = with_rules(&ca, rules);
        let order = ca.parts.new_orders.create(&serving, &account, request()).await;
        let authorization = ca.parts.new_authorizations.create(&serving, &account, name.clone()).await;
        assert_eq!((order.is_ok(), authorization.is_ok()), (fits, fits), "{rules:?}");
        assert_eq!((is_refused(order), is_refused(authorization)), (!fits, !fits), "{rules:?}");
    }
}

#[tokio::test]
async fn an_order_from_before_the_rules_became_narrower_is_not_finalized() {
    let (_folder, keys, ca) = ca().await;
    let (account, order) = ca.ready_order().await;
    let narrow = with_rules(&ca, &[".corp.test"]);
    assert!(is_refused(ca.parts.finalization.finalize(&narrow, &account, order, &csr()).await));
    assert!(keys.signed().is_empty());
    assert!(
        ca.parts.finalization.finalize(&ca.serving, &account, order, &csr()).await.is_ok(),
        "the order is as it was"
    );
}
