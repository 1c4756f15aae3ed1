//! What a newer version may add: members of records at every depth, and attributes of every item.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use store::contract::everything::{add_novel_members, read_everything, write_everything};

use super::{
    golden::names_of_records,
    items::{Table, kind},
};

#[tokio::test(flavor = "multi_thread")]
async fn members_of_a_newer_version_are_passed_over_in_every_kind_of_item() {
    let table = Table::empty();
    write_everything(&table.store).await;
    let keys = table.keys();
    let before = read_everything(&table.store, &keys).await;
    let (mut all, mut records) = (BTreeSet::new(), BTreeSet::new());
    for mut item in table.items() {
        all.insert(kind(&item));
        if let Some(record) = item.get("record").and_then(|record| record["S"].as_str()) {
            records.insert(kind(&item).to_owned());
            let mut json: Value = serde_json::from_str(record).unwrap();
            add_novel_members(&mut json);
            item.insert("record".to_owned(), json!({ "S": json.to_string() }));
        }
        item.insert("novel".to_owned(), json!({ "S": "a newer one" }));
        table.put(&item).await;
    }
    assert_eq!(records, names_of_records(), "every kind of record has unknown members");
    for without_record in ["counter", "redeemed nonce", "place in a list of orders"] {
        assert!(all.contains(without_record), "{without_record}");
    }
    assert_eq!(read_everything(&table.store, &keys).await, before);
}
