//! Limits (N12): with any number of concurrent requests a maximum is exact, and a refused request
//! is not counted anywhere.

use std::sync::Arc;

use acme::Account;
use jiff::SignedDuration;
use ra::{Directory, Error, Refusal};
use store::{Counted, Limit, LimitStore, LimitWindow, Limits, OperationId};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::ca::{Ca, Keys, request};

#[tokio::test(flavor = "multi_thread")]
async fn n12_of_many_orders_at_once_as_many_pass_as_there_is_room_in_all_parts_of_a_counter() {
    let (_folder, ca) = limited(|limits| {
        limits.new_orders = at_most(1_500);
        limits.new_orders_per_account = at_most(50);
    })
    .await;
    let parts = ["default#newOrders#", "default#newOrders#1"];
    for (part, free) in parts.iter().zip([10, 7]) {
        fill(&ca, part, 750 - free).await;
    }
    let accounts = [ca.account().await, ca.account().await, ca.account().await];
    let asking: JoinSet<_> = (0..60)
        .map(|number| {
            let (ca, account) = (ca.clone(), accounts[number % accounts.len()].clone());
            async move { ca.parts.new_orders.create(&ca.serving, &account, request()).await }
        })
        .collect();
    let answers = asking.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 17);
    assert_eq!(answers.iter().filter(|answer| is_reached(answer, "newOrders")).count(), 43);
    assert_eq!(counted(&ca, &parts).await, [750, 750]);
}

#[tokio::test]
async fn n12_who_is_refused_by_a_wider_limit_has_not_counted_by_a_narrower_one() {
    let (_folder, ca) = limited(|limits| {
        limits.new_orders_per_account = at_most(10);
        limits.new_orders_per_registered_domain = at_most(3);
        limits.new_orders = at_most(2);
    })
    .await;
    let account = ca.account().await;
    for _ in 0..2 {
        ca.parts.new_orders.create(&ca.serving, &account, request()).await.unwrap();
    }
    let keys = [
        &format!("default#newOrdersPerAccount#{}", account.id),
        "default#newOrdersPerRegisteredDomain#example.test",
        "default#newOrders#",
    ];
    for _ in 0..3 {
        let before = ca.store.counts().writes;
        let answer = ca.parts.new_orders.create(&ca.serving, &account, request()).await;
        assert!(is_reached(&answer, "newOrders"), "{answer:?}");
        assert_eq!(counted(&ca, &keys).await, [2, 2, 2]);
        assert_eq!(ca.store.counts().writes, before, "the wider limit is looked at before anything is written");
    }
}

#[tokio::test]
async fn n12_who_loses_the_race_for_the_last_place_takes_back_what_it_counted() {
    let (_folder, ca) = limited(|limits| {
        limits.new_orders_per_account = at_most(10);
        limits.new_orders = at_most(4);
    })
    .await;
    let account = ca.account().await;
    ca.parts.new_orders.create(&ca.serving, &account, request()).await.unwrap();
    // Other processes have counted. This one, which saw ample room just now, does not know that.
    fill(&ca, "default#newOrders#", 3).await;
    let answer = ca.parts.new_orders.create(&ca.serving, &account, request()).await;
    assert!(is_reached(&answer, "newOrders"), "{answer:?}");
    let key = format!("default#newOrdersPerAccount#{}", account.id);
    assert_eq!(counted(&ca, &[&key, "default#newOrders#"]).await, [1, 4]);
}

#[tokio::test]
async fn n12_a_full_counter_is_not_asked_again_for_a_while() {
    let (_folder, ca) = limited(|limits| limits.new_orders_per_account = at_most(1)).await;
    let account = ca.account().await;
    ca.parts.new_orders.create(&ca.serving, &account, request()).await.unwrap();
    let is_free = async |account: &Account| {
        let before = ca.store.counts();
        let answer = ca.parts.new_orders.create(&ca.serving, account, request()).await;
        assert!(is_reached(&answer, "newOrdersPerAccount"), "{answer:?}");
        ca.store.counts().writes == before.writes
    };
    assert!(is_free(&account).await, "what was counted here is remembered");
    ca.clock.jump(11);
    for _ in 0..2 {
        assert!(is_free(&account).await, "a refused write changes nothing");
    }
}

/// A CA whose directory has these limits.
async fn limited(set: impl FnOnce(&mut Limits)) -> (TempDir, Ca) {
    let folder = TempDir::new().unwrap();
    let mut ca = Ca::open(&folder.path().join("store.redb"), &Arc::new(Keys::default())).await;
    let mut serving = Directory::clone(&ca.serving);
    set(&mut serving.acme.limits);
    ca.serving = Arc::new(serving);
    (folder, ca)
}

fn at_most(maximum: u32) -> Option<Limit> {
    Some(Limit { maximum, window: A_LONG_TIME })
}

fn is_reached<T>(answer: &Result<T, Error>, limit: &str) -> bool {
    matches!(answer, Err(Error::Refused(Refusal::LimitReached(reached))) if reached.name == limit && reached.retry_after >= 1)
}

async fn fill(ca: &Ca, key: &str, amount: u32) {
    let operation = OperationId::from_random(authority::random().unwrap());
    let counted = ca.store.count(&window(ca, key), amount, u32::MAX, operation).await.unwrap();
    assert!(matches!(counted, Counted::Within { .. }));
}

async fn counted(ca: &Ca, keys: &[&str]) -> Vec<u32> {
    let windows: Vec<LimitWindow> = keys.iter().map(|key| window(ca, key)).collect();
    ca.store.counted(&windows).await.unwrap()
}

fn window(ca: &Ca, key: &str) -> LimitWindow {
    let window = LimitWindow::containing(ca.now(), A_LONG_TIME, key.to_owned());
    assert!(window.ends_at().duration_since(ca.now()) > SignedDuration::from_hours(1));
    window
}

const A_LONG_TIME: u32 = i32::MAX as u32;
