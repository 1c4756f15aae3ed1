//! Accounts that never order (N12): they end, and an order that is placed at the last moment keeps
//! its account.

use std::sync::Arc;

use acme::{Account, NewAccount};
use jose::PublicKey;
use ra::{AccountCreation, Directory, Error, Refusal};
use store::OrderStore;
use tempfile::TempDir;

use crate::ca::{Ca, Keys, NEW_ACCOUNT, account_key, request};

#[tokio::test]
async fn n12_an_account_that_never_orders_ends_after_ninety_days_and_its_key_can_register_again() {
    let (_folder, ca) = open().await;
    let key = account_key();
    let (unused, used) = (register(&ca, &ca.serving, &key).await, ca.account().await);
    ca.parts.new_orders.create(&ca.serving, &used, request()).await.unwrap();

    ca.clock.jump(NINETY_DAYS - 60);
    assert!(is_there(&ca, &unused).await);
    assert_eq!(register(&ca, &ca.serving, &key).await.id, unused.id);
    ca.clock.jump(120);
    // It is not deleted yet, as in a database that deletes late.
    assert!(!is_there(&ca, &unused).await);
    let order = ca.parts.new_orders.create(&ca.serving, &unused, request()).await;
    assert!(matches!(order, Err(Error::Refused(Refusal::AccountDoesNotExist))), "{order:?}");
    let again = register(&ca, &ca.serving, &key).await;
    assert_ne!(again.id, unused.id);

    while ca.store.purge(ca.now(), 100).await.unwrap() == 100 {}
    assert!(is_there(&ca, &used).await && is_there(&ca, &again).await && !is_there(&ca, &unused).await);
}

#[tokio::test]
async fn n12_an_account_that_was_deleted_under_a_request_gets_no_order() {
    let (_folder, ca) = open().await;
    let account = ca.account().await;
    ca.store.purge(ca.now() + jiff::SignedDuration::from_secs(NINETY_DAYS + 3_600), 100).await.unwrap();
    let order = ca.parts.new_orders.create(&ca.serving, &account, request()).await;
    assert!(matches!(order, Err(Error::Refused(Refusal::AccountDoesNotExist))), "{order:?}");
    assert!(ca.store.orders(account.id, None, 9).await.unwrap().orders.is_empty());
}

#[tokio::test]
async fn n12_a_profile_keeps_accounts_that_never_order_as_long_as_it_says() {
    let (_folder, ca) = open().await;
    let with = |unused_accounts| {
        let mut serving = ca.serving.as_ref().clone();
        serving.acme.unused_accounts = Some(unused_accounts);
        serving
    };
    let for_ever = register(&ca, &with(0), &account_key()).await;
    let an_hour = register(&ca, &with(3_600), &account_key()).await;
    ca.clock.jump(3_600);
    assert!(is_there(&ca, &for_ever).await && !is_there(&ca, &an_hour).await);
    ca.clock.jump(NINETY_DAYS);
    assert!(is_there(&ca, &for_ever).await);
}

async fn open() -> (TempDir, Ca) {
    let folder = TempDir::new().unwrap();
    let ca = Ca::open(&folder.path().join("store.redb"), &Arc::new(Keys::default())).await;
    (folder, ca)
}

/// The account of the key, new or not.
async fn register(ca: &Ca, serving: &Directory, key: &PublicKey) -> Account {
    let request = NewAccount::default();
    match ca.parts.registrations.create(serving, key.clone(), &request, NEW_ACCOUNT).await.unwrap() {
        AccountCreation::Created(account) | AccountCreation::Existing(account) => account,
    }
}

async fn is_there(ca: &Ca, account: &Account) -> bool {
    ca.parts.accounts.account(&account.directory, account.id).await.is_ok()
}

const NINETY_DAYS: i64 = 90 * 24 * 60 * 60;
