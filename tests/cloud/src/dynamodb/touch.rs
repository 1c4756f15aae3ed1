//! The items in a request, and what the request does to each of them.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::Item;
use super::schema::Schema;

/// The place of an item: its table and key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) table: String,
    /// Names and values of the key attributes, the partition key first.
    parts: Vec<(String, Value)>,
}

impl Place {
    pub(super) fn key(&self) -> Map<String, Value> {
        self.parts.iter().cloned().collect()
    }

    /// The partition key value.
    pub(super) fn leading(&self) -> String {
        self.parts.first().map(|(_, value)| plain(value)).unwrap_or_default()
    }

    fn order(&self) -> (&str, Vec<String>) {
        (&self.table, self.parts.iter().map(|(_, value)| value.to_string()).collect())
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

/// An item in a request.
#[derive(Clone, Debug)]
pub(super) struct Touch {
    /// The action that IAM evaluates.
    pub(super) action: &'static str,
    pub(super) place: Place,
    /// The item that replaces the present one.
    pub(super) put: Option<Item>,
    transaction: bool,
}

impl Touch {
    /// Whether it is charged as a write; a condition check in a transaction is.
    pub(super) fn is_write(&self) -> bool {
        !matches!(self.action, "dynamodb:GetItem" | "dynamodb:BatchGetItem")
    }

    /// The factor by which its units are multiplied.
    pub(super) fn factor(&self) -> f64 {
        if self.transaction { 2.0 } else { 1.0 }
    }
}

/// A query or scan.
#[derive(Clone, Debug)]
pub(super) struct Range {
    pub(super) table: String,
    pub(super) index: Option<String>,
    /// The partition key value of a query; `None` for a scan.
    pub(super) leading: Option<String>,
}

/// All items and ranges in a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Touches {
    pub(super) items: Vec<Touch>,
    pub(super) range: Option<Range>,
    pub(super) transaction: bool,
    pub(super) consistent: bool,
    pub(super) conditional: bool,
}

impl Touches {
    pub(super) fn of(operation: &str, body: &Value, schema: &mut dyn FnMut(&str) -> Option<Schema>) -> Self {
        let mut touches = Self { consistent: true, ..Self::default() };
        match operation {
            "GetItem" => {
                touches.consistent = is_true(&body["ConsistentRead"]);
                touches.add("dynamodb:GetItem", body, &body["Key"], schema);
            }
            "PutItem" => touches.add("dynamodb:PutItem", body, &body["Item"], schema),
            "UpdateItem" => touches.add("dynamodb:UpdateItem", body, &body["Key"], schema),
            "DeleteItem" => touches.add("dynamodb:DeleteItem", body, &body["Key"], schema),
            "BatchGetItem" => {
                for (table, request) in members(&body["RequestItems"]) {
                    touches.consistent &= is_true(&request["ConsistentRead"]);
                    for key in elements(&request["Keys"]) {
                        touches.add_to("dynamodb:BatchGetItem", table, key, schema);
                    }
                }
            }
            "BatchWriteItem" => {
                for (table, requests) in members(&body["RequestItems"]) {
                    for request in elements(requests) {
                        let put = &request["PutRequest"]["Item"];
                        let key = if put.is_object() { put } else { &request["DeleteRequest"]["Key"] };
                        touches.add_to("dynamodb:BatchWriteItem", table, key, schema);
                    }
                }
            }
            "TransactGetItems" | "TransactWriteItems" => {
                touches.transaction = true;
                for (name, entry) in elements(&body["TransactItems"]).flat_map(members) {
                    match name.as_str() {
                        "Get" => touches.add("dynamodb:GetItem", entry, &entry["Key"], schema),
                        "Put" => touches.add("dynamodb:PutItem", entry, &entry["Item"], schema),
                        "Update" => touches.add("dynamodb:UpdateItem", entry, &entry["Key"], schema),
                        "Delete" => touches.add("dynamodb:DeleteItem", entry, &entry["Key"], schema),
                        "ConditionCheck" => touches.add("dynamodb:ConditionCheckItem", entry, &entry["Key"], schema),
                        _ => {}
                    }
                }
            }
            "Query" | "Scan" => {
                touches.consistent = is_true(&body["ConsistentRead"]);
                let table = table_name(body);
                let index = body["IndexName"].as_str().map(str::to_owned);
                let leading = schema(&table).and_then(|schema| {
                    let hash = schema.hash_of(index.as_deref())?;
                    leading_of_query(body, hash)
                });
                touches.range = Some(Range { table, index, leading });
            }
            _ => {}
        }
        touches
    }

    /// Whether a read looks at this item. An index has items of every partition.
    pub(super) fn cover(&self, place: &Place) -> bool {
        self.items.iter().any(|touch| touch.place == *place)
            || self.range.as_ref().is_some_and(|range| {
                let partition = range.leading.as_ref().is_none_or(|leading| *leading == place.leading());
                range.table == place.table && (range.index.is_some() || partition)
            })
    }

    fn add(
        &mut self,
        action: &'static str,
        entry: &Value,
        key: &Value,
        schema: &mut dyn FnMut(&str) -> Option<Schema>,
    ) {
        self.conditional |= entry["ConditionExpression"].is_string();
        self.add_to(action, &table_name(entry), key, schema);
    }

    fn add_to(
        &mut self,
        action: &'static str,
        table: &str,
        key: &Value,
        schema: &mut dyn FnMut(&str) -> Option<Schema>,
    ) {
        let (Some(schema), Some(item)) = (schema(table), key.as_object()) else {
            return;
        };
        let put = matches!(action, "dynamodb:PutItem").then(|| item.clone());
        let place = Place { table: table.to_owned(), parts: schema.key(item) };
        self.items.push(Touch { action, place, put, transaction: self.transaction });
    }
}

/// The value of the partition key in a key condition: that of the only equality on that attribute.
fn leading_of_query(body: &Value, hash: &str) -> Option<String> {
    let condition = body["KeyConditionExpression"].as_str()?.replace(['(', ')'], " ");
    let words: Vec<&str> = condition.split_whitespace().collect();
    // `a=:b` without spaces is valid too.
    let condition = words.join(" ").replace("<=", "<").replace(">=", ">").replace('=', " = ");
    let words: Vec<&str> = condition.split_whitespace().collect();
    words.windows(3).find_map(|words| {
        let [name, "=", value] = words else { return None };
        let name = body["ExpressionAttributeNames"][name].as_str().unwrap_or(name);
        (name == hash).then(|| plain(&body["ExpressionAttributeValues"][value]))
    })
}

/// The value of a key without its type.
fn plain(value: &Value) -> String {
    members(value).next().and_then(|(_, value)| value.as_str()).unwrap_or_default().to_owned()
}

/// The name of a table that is given by its name or ARN.
fn table_name(entry: &Value) -> String {
    let name = entry["TableName"].as_str().unwrap_or_default();
    name.rsplit(":table/").next().unwrap_or_default().to_owned()
}

fn is_true(value: &Value) -> bool {
    value.as_bool().unwrap_or_default()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
