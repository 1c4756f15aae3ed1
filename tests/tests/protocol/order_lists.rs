//! The two lists of an account's orders (RFC 8555 §7.1.2.1).

use serde_json::Value;
use tests::client::{Client, strings};

use crate::HOST;

#[tokio::test]
async fn s9_both_lists_show_all_orders_page_by_page_newest_first() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        assert_eq!(pages(&client, &urls_of(&client)).await, [0], "an account without orders has an empty list");
        let mut orders = Vec::new();
        for number in 0..102 {
            orders.push(client.order(&[&format!("order-{number}.test")]).await);
        }
        orders.reverse();
        let list = whole(&client, &urls_of(&client), |page| strings(&page["orders"])).await;
        assert_eq!(list, orders);
        assert_eq!(pages(&client, &urls_of(&client)).await, [50, 50, 2]);

        let objects = whole(&client, &objects_of(&client), |page| page.as_array().unwrap().clone()).await;
        for (object, url) in objects.iter().zip(&orders) {
            assert_eq!(*object, client.read(url).await.json());
        }
        assert_eq!(objects.len(), orders.len());
    })
    .await;
}

#[tokio::test]
async fn s9_a_full_last_page_has_no_link_to_a_next_one() {
    HOST.on_both_families(async |ca| {
        let client = ca.client().await;
        for number in 0..50 {
            client.order(&[&format!("order-{number}.test")]).await;
        }
        assert_eq!(pages(&client, &urls_of(&client)).await, [50]);
    })
    .await;
}

#[tokio::test]
async fn s9_the_lists_show_orders_in_every_state() {
    let environment = HOST.start().await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            client.order(&["pending.test"]).await;
            client.ready_order(&["ready.test"]).await;
            client.obtain(&["valid.test"]).await;
            super::challenges::failed_order(&client, &["invalid.test"]).await;
            let objects = client.read(&objects_of(&client)).await.expect(200).json();
            let statuses: Vec<&str> =
                objects.as_array().unwrap().iter().map(|o| o["status"].as_str().unwrap()).collect();
            assert_eq!(statuses, ["invalid", "valid", "ready", "pending"]);
        })
        .await;
}

#[tokio::test]
async fn s9_only_the_account_itself_can_read_its_list() {
    let environment = HOST.start().await;
    environment
        .on_both_families(async |ca| {
            let (mine, other) = (ca.client().await, ca.client().await);
            mine.order(&["a.test"]).await;
            for url in [urls_of(&mine), objects_of(&mine)] {
                let unknown = url.replace(mine.account_id(), "00000000000000000000000000");
                let foreign = other.read(&url).await;
                foreign.refused(404, "malformed");
                assert_eq!(foreign.body, other.read(&unknown).await.body);
            }
        })
        .await;
}

#[tokio::test]
async fn s9_an_invalid_cursor_is_refused() {
    let environment = HOST.start().await;
    environment
        .on_both_families(async |ca| {
            let client = ca.client().await;
            for list in [urls_of(&client), objects_of(&client)] {
                for cursor in ["", "0", "../..", "%00", "zzzzzzzzzzzzzzzzzzzzzzzzzz"] {
                    client.read(&format!("{list}?cursor={cursor}")).await.refused(400, "malformed");
                }
                client.read(&format!("{list}?unknown=1")).await.expect(200);
            }
        })
        .await;
}

pub(crate) fn urls_of(client: &Client) -> String {
    format!("{}/orders", client.account())
}

fn objects_of(client: &Client) -> String {
    client.below(&format!("/orders/{}", client.account_id()))
}

/// The entries of all pages.
async fn whole<T>(client: &Client, list: &str, entries: impl Fn(&Value) -> Vec<T>) -> Vec<T> {
    let mut all = Vec::new();
    let mut next = Some(list.to_owned());
    while let Some(url) = next {
        let page = client.read(&url).await.expect(200);
        all.extend(entries(&page.json()));
        next = page.link("next");
    }
    all
}

/// The number of entries on each page.
pub(crate) async fn pages(client: &Client, list: &str) -> Vec<usize> {
    let mut lengths = Vec::new();
    let mut next = Some(list.to_owned());
    while let Some(url) = next {
        let page = client.read(&url).await.expect(200);
        lengths.push(page.json()["orders"].as_array().unwrap().len());
        next = page.link("next");
    }
    lengths
}
