//! What becomes of a table that a newer version laid out.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

use std::collections::HashMap;

use aws::dynamodb::DynamoDbStore;
use aws_sdk_dynamodb::{Client, types::AttributeValue};
use cloud::Cloud;
use store::{
    AccountStore, AuditStore, AuthorizationStore, CrlStore, LimitStore, LookupStore, NonceStore, OrderStore,
    ProfileStore, Retention, StoreError,
    contract::fixture::{
        account, at, audit_record, authorization, dns, issuer_id, key, limit_window, nonce, operation, order,
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_a_newer_layout_is_neither_read_nor_written() {
    let (cloud, store) = open_with(Some("2")).await;
    let before = cloud.items("acme");
    let calls = cloud.calls().len();
    let account = account();
    let names = [dns("a.example.com"), dns("b.example.com")].map(|name| authorization(&account, name));
    let made = order(&account, &names);
    let outcomes = [
        ("get", store.account(account.id).await.err()),
        ("get, eventual", store.profiles().await.err()),
        ("get of several", store.authorizations(account.id, &made.authorizations).await.err()),
        ("query", store.orders(account.id, None, 10).await.err()),
        ("page", store.accounts_by_key(&key(1).thumbprint(), None, 10).await.err()),
        ("put", store.redeem_nonce(&nonce(), at(0), operation()).await.err()),
        ("put of each", store.append_audit(&audit_record()).await.err()),
        ("transaction", store.create_account_if_absent(&account).await.err()),
        ("batch of writes", store.create_order(&made, &names).await.err()),
        ("update", store.count(&limit_window(), 1, 10, operation()).await.err()),
        ("take back", store.take_back(&limit_window(), 1, operation(), operation()).await.err()),
        ("CRL", store.crl(&issuer_id(), 0).await.err()),
    ];
    for (verb, error) in outcomes {
        assert!(matches!(error, Some(StoreError::Newer { found: 2, known: 1 })), "{verb}: {error:?}");
    }
    assert_eq!(cloud.items("acme"), before);
    for call in cloud.calls().into_iter().skip(calls) {
        assert_eq!((call.operation.as_str(), call.leading_keys()), ("GetItem", vec!["SCHEMA"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_this_layout_with_or_without_its_number_is_used_after_one_read() {
    for major in [None, Some("1")] {
        let (cloud, store) = open_with(major).await;
        let calls = cloud.calls().len();
        let made = account();
        store.create_account_if_absent(&made).await.unwrap();
        assert_eq!(store.account(made.id).await.unwrap(), Some(made));
        let all = cloud.calls().split_off(calls);
        let of_layout: Vec<_> = all.iter().filter(|call| call.leading_keys() == ["SCHEMA"]).collect();
        assert_eq!(of_layout.len(), 1, "{major:?}");
        assert!(all.first().unwrap().units.read <= 0.5, "{all:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_cannot_be_read_is_corrupt() {
    let (_cloud, store) = open_with(Some("4294967296")).await;
    let refused = store.account(account().id).await;
    assert!(matches!(refused, Err(StoreError::Corrupt { record: "schema", .. })), "{refused:?}");
}

async fn open_with(major: Option<&str>) -> (Cloud, DynamoDbStore) {
    let cloud = Cloud::start();
    cloud.create_table("acme");
    let client = Client::new(&cloud.sdk_config("layout"));
    if let Some(major) = major {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let item = HashMap::from([
            ("pk".to_owned(), text("SCHEMA")),
            ("sk".to_owned(), text("-")),
            ("major".to_owned(), AttributeValue::N(major.to_owned())),
        ]);
        client.put_item().table_name("acme").set_item(Some(item)).send().await.unwrap();
    }
    (cloud, DynamoDbStore::new(client, "acme", Retention::default()))
}
