//! Lists of orders some of which no longer exist.

use std::sync::Arc;

use acme::OrderId;
use jiff::Timestamp;
use tempfile::TempDir;

use crate::ca::{Ca, Keys};

#[tokio::test]
async fn an_order_that_is_no_longer_there_is_left_out_of_a_list() {
    let folder = TempDir::new().unwrap();
    let ca = Ca::open(&folder.path().join("store.redb"), &Arc::new(Keys::default())).await;
    let (account, order) = ca.ready_order().await;
    let gone = OrderId::new(Timestamp::UNIX_EPOCH, [7; 10]);
    let views = ca.parts.orders.views(&account, &[gone, order, gone]).await.unwrap();
    assert_eq!(views.iter().map(|view| view.order.id).collect::<Vec<_>>(), [order]);
}
