//! A batch of which only the first half is processed.

use serde_json::{Map, Value, json};

/// Splits a batch into what is processed and what is returned as unprocessed. If it has a single
/// request, nothing is processed.
pub(super) fn halve(body: &Value) -> (Value, Option<Value>) {
    let Some(tables) = body["RequestItems"].as_object() else {
        return (body.clone(), None);
    };
    let mut room = tables.values().map(|requests| list(requests).len()).sum::<usize>() / 2;
    let (mut done, mut left) = (Map::new(), Map::new());
    for (table, requests) in tables {
        let (first, rest) = list(requests).split_at(room.min(list(requests).len()));
        room -= first.len();
        for (half, entries) in [(&mut done, first), (&mut left, rest)] {
            if !entries.is_empty() {
                half.insert(table.clone(), with_list(requests, entries));
            }
        }
    }
    let mut body = body.clone();
    body["RequestItems"] = done.into();
    (body, Some(left.into()))
}

/// Whether nothing is left to process in a split batch.
pub(super) fn is_emptied(body: &Value, left_over: Option<&Value>) -> bool {
    left_over.is_some() && body["RequestItems"].as_object().is_some_and(Map::is_empty)
}

/// The answer to a batch of which nothing was processed.
pub(super) fn nothing(operation: &str) -> Value {
    match operation {
        "BatchGetItem" => json!({ "Responses": {} }),
        _ => json!({}),
    }
}

/// The member of the answer that has the unprocessed requests.
pub(super) fn left_over_member(operation: &str) -> &'static str {
    match operation {
        "BatchGetItem" => "UnprocessedKeys",
        _ => "UnprocessedItems",
    }
}

/// Writes are a list; reads are a list inside an object with their options.
fn list(requests: &Value) -> &[Value] {
    requests.as_array().or_else(|| requests["Keys"].as_array()).map_or(&[], Vec::as_slice)
}

fn with_list(requests: &Value, entries: &[Value]) -> Value {
    match requests {
        Value::Object(options) => {
            let mut options = options.clone();
            options.insert("Keys".to_owned(), entries.into());
            options.into()
        }
        _ => entries.into(),
    }
}
