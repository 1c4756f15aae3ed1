//! `present.jsonl`: the rows that this version writes of every kind, one in each line.
//! docs/migrations.md says when and how it is renewed.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use redb::{Database, TableDefinition};
use serde_json::{Value, json};
use store::contract::{
    everything::{Keys, add_novel_members, read_everything, write_everything},
    fixture::repeat_samples,
};
use tempfile::TempDir;

use super::{copy_of, edit, open, record};

#[tokio::test]
async fn the_rows_that_this_version_writes_are_those_of_the_golden_file() {
    repeat_samples();
    let (path, _folder) = written().await;
    let lines: Vec<String> = rows(&path).iter().map(|row| serde_json::to_string(row).unwrap()).collect();
    if env::var_os("RENEW_GOLDEN").is_some() {
        fs::write(GOLDEN, lines.join("\n") + "\n").unwrap();
    }
    let stored = fs::read_to_string(GOLDEN).unwrap();
    let changed: Vec<_> = lines.iter().zip(stored.lines()).filter(|(now, golden)| now != golden).collect();
    assert_eq!(changed, [], "the stored form has changed: see \"Golden records\" in docs/migrations.md");
    assert_eq!(lines.len(), stored.lines().count(), "docs/migrations.md, \"Golden records\"");
}

#[tokio::test]
async fn every_golden_file_is_read_whole() {
    let mut read = 0;
    for entry in fs::read_dir(Path::new(GOLDEN).parent().unwrap()).unwrap() {
        let file = entry.unwrap().path();
        let (path, _folder) = match file.extension().and_then(|extension| extension.to_str()) {
            Some("redb") => copy_of(&file),
            Some("jsonl") => with_rows(&fs::read_to_string(&file).unwrap()),
            _ => continue,
        };
        read += 1;
        let all = everything(&path).await;
        let empty = all.iter().filter(|value| value.as_array().is_some_and(Vec::is_empty));
        assert!(empty.count() == 0 || file.ends_with("e70810c.redb"), "{}: {all:#?}", file.display());
    }
    assert!(read >= 2);
}

/// A table is made of records, or it is named here. So a new kind of record has its row in
/// `write_everything`.
#[tokio::test]
async fn members_of_a_newer_version_are_passed_over_in_every_table() {
    let (path, _folder) = written().await;
    let before = everything(&path).await;
    let changed = edit(&path, |_, _, row| {
        let (version, mut json) = record(row)?;
        add_novel_members(&mut json);
        Some(Some([version, serde_json::to_vec(&json).unwrap()].concat()))
    });
    let all = tables_of(&path);
    let others: Vec<&str> = all.difference(&changed).map(String::as_str).collect();
    assert_eq!(others, WITHOUT_RECORDS, "every other table has a record");
    assert_eq!(everything(&path).await, before);
}

/// A closed store with one of every kind of record.
async fn written() -> (PathBuf, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let store = open(&path);
    write_everything(&store).await;
    store.close().await.unwrap();
    (path, folder)
}

async fn everything(path: &Path) -> Vec<Value> {
    let mut keys = Keys::default();
    edit(path, |table, key, _| {
        keys.note(table, key);
        None
    });
    let store = open(path);
    let all = read_everything(&store, &keys).await;
    store.close().await.unwrap();
    all
}

/// All rows, in the order of their tables and keys.
fn rows(path: &Path) -> Vec<Value> {
    let mut rows = Vec::new();
    edit(path, |table, key, row| {
        rows.push(match record(row) {
            Some((version, record)) => {
                json!({ "table": table, "key": key, "version": hex(&version), "record": record })
            }
            None => json!({ "table": table, "key": key, "row": hex(row) }),
        });
        None
    });
    rows
}

/// A file with these rows.
fn with_rows(lines: &str) -> (PathBuf, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let database = Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    for line in lines.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| row[name].as_str().unwrap_or_default();
        let bytes = match row.get("record") {
            Some(record) => [octets(text("version")), serde_json::to_vec(record).unwrap()].concat(),
            None => octets(text("row")),
        };
        let mut table = transaction.open_table(TableDefinition::<&str, &[u8]>::new(text("table"))).unwrap();
        table.insert(text("key"), bytes.as_slice()).unwrap();
    }
    transaction.commit().unwrap();
    (path, folder)
}

fn tables_of(path: &Path) -> BTreeSet<String> {
    use redb::{ReadableDatabase, TableHandle};
    let database = Database::open(path).unwrap();
    let transaction = database.begin_read().unwrap();
    transaction.list_tables().unwrap().map(|table| table.name().to_owned()).collect()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().map(|digit| digit.to_digit(16).unwrap().try_into().unwrap()).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// The tables whose rows are no records: indexes, times, and facts about the file.
const WITHOUT_RECORDS: [&str; 13] = [
    "account by contact",
    "account by former key",
    "account by key",
    "blocked key",
    "certificate by end",
    "certificate by key",
    "certificate by name",
    "directory of a key",
    "expiry",
    "issuing",
    "meta",
    "nonce",
    "validating",
];

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/present.jsonl");
