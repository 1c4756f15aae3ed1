//! Lists of orders some of which no longer exist.

use std::sync::Arc;

use acme::OrderId;
use jiff::Timestamp;
use ra::OrderList;
use store::{
    OrderStore,
    contract::fixture::{authorization, dns, order},
};
use tempfile::TempDir;

use crate::ca::{Ca, Keys};

#[tokio::test]
async fn an_order_that_is_no_longer_there_is_left_out_of_a_list() {
    let folder = TempDir::new().unwrap();
    let ca = Ca::open(&folder.path().join("store.redb"), &Arc::new(Keys::default())).await;
    let (account, order) = ca.ready_order().await;
    let gone = OrderId::new(Timestamp::UNIX_EPOCH, [7; 10]);
    let page = OrderList { orders: vec![gone, order, gone], next: Some(gone) };
    let read = ca.parts.orders.views(&account, page).await.unwrap();
    assert_eq!(read.next, Some(gone));
    assert_eq!(read.views.iter().map(|view| view.order.id).collect::<Vec<_>>(), [order]);
}

#[tokio::test]
async fn a_page_of_orders_reads_a_bounded_number_of_records_and_the_next_one_goes_on() {
    let folder = TempDir::new().unwrap();
    let ca = Ca::open(&folder.path().join("store.redb"), &Arc::new(Keys::default())).await;
    let account = ca.account().await;
    let mut made = Vec::new();
    for number in 0..7 {
        let authorizations: Vec<_> =
            (0..99).map(|name| authorization(&account, dns(&format!("{name}.{number}.test")))).collect();
        let order = order(&account, &authorizations);
        ca.store.create_order(&order, &authorizations).await.unwrap();
        made.push(order.id);
    }
    made.sort();
    made.reverse();
    let (mut seen, mut next) = (Vec::new(), None);
    loop {
        let before = ca.store.counts();
        let page = ca.parts.orders.list(&account, account.id, next).await.unwrap();
        let read = ca.parts.orders.views(&account, page).await.unwrap();
        let reads = ca.store.counts().reads - before.reads;
        // Seven places in the list, two whole orders, and the one that did not fit.
        assert!(reads <= 7 + 2 * 100 + 1, "{reads} reads");
        assert!(read.views.iter().all(|view| view.authorizations.len() == 99));
        seen.extend(read.views.iter().map(|view| view.order.id));
        next = read.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(seen, made, "each order once, newest first");
}
