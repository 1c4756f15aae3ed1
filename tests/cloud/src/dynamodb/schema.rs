//! The key attributes of tables and of their indexes.

use std::collections::BTreeMap;

use dynoxide::Database;
use serde_json::{Value, json};

use super::{Item, engine};

/// Which attributes are the key of an item in a table.
#[derive(Clone, Debug)]
pub(super) struct Schema {
    hash: String,
    range: Option<String>,
    /// The partition key attribute of each index, by the name of the index.
    indexes: BTreeMap<String, String>,
}

impl Schema {
    /// The schema of a table, which is read only once.
    pub(super) fn known(database: &Database, schemas: &mut BTreeMap<String, Self>, table: &str) -> Option<Self> {
        if let Some(schema) = schemas.get(table) {
            return Some(schema.clone());
        }
        let schema = Self::of(engine::execute(database, "DescribeTable", &json!({ "TableName": table })).ok()?)?;
        schemas.insert(table.to_owned(), schema.clone());
        Some(schema)
    }

    fn of(description: Value) -> Option<Self> {
        let table = &description["Table"];
        let indexes = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"]
            .iter()
            .filter_map(|kind| table[kind].as_array())
            .flatten()
            .filter_map(|index| Some((index["IndexName"].as_str()?.to_owned(), part(index, "HASH")?)))
            .collect();
        Some(Self { hash: part(table, "HASH")?, range: part(table, "RANGE"), indexes })
    }

    /// The partition key attribute of the table or of one of its indexes.
    pub(super) fn hash_of(&self, index: Option<&str>) -> Option<&str> {
        match index {
            None => Some(&self.hash),
            Some(index) => self.indexes.get(index).map(String::as_str),
        }
    }

    /// The key values of an item or of a key, the partition key first.
    pub(super) fn key(&self, item: &Item) -> Vec<(String, Value)> {
        let names = std::iter::once(&self.hash).chain(&self.range);
        names.map(|name| (name.clone(), item.get(name).cloned().unwrap_or_default())).collect()
    }
}

fn part(keys: &Value, kind: &str) -> Option<String> {
    let part = keys["KeySchema"].as_array()?.iter().find(|part| part["KeyType"] == kind)?;
    Some(part["AttributeName"].as_str()?.to_owned())
}
