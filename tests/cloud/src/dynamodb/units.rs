//! Capacity units: the emulator's figures for successful requests, and figures computed here for
//! refused ones.
//!
//! AWS charges a write whose condition fails by the size of the present item, at least one unit,
//! and a cancelled transaction as if it had succeeded.

use dynoxide::{Database, DynoxideError, types};
use serde_json::Value;

use super::touch::Touch;
use super::{Item, engine};
use crate::call::Units;

/// Runs an operation and reads the capacity that it consumed.
pub(super) fn measured(database: &Database, operation: &str, body: &Value) -> Result<(Value, Units), DynoxideError> {
    if !MEASURED.contains(&operation) {
        return Ok((engine::execute(database, operation, body)?, Units::default()));
    }
    let asked = body["ReturnConsumedCapacity"].as_str().is_some_and(|mode| mode != "NONE");
    let mut request = body.clone();
    if !asked {
        request["ReturnConsumedCapacity"] = "TOTAL".into();
    }
    let mut answer = engine::execute(database, operation, &request)?;
    let units = match &answer["ConsumedCapacity"] {
        Value::Array(tables) => tables.iter().map(|table| consumed(operation, table)).sum(),
        table => consumed(operation, table),
    };
    if let Some(members) = answer.as_object_mut().filter(|_| !asked) {
        members.remove("ConsumedCapacity");
    }
    Ok((answer, units))
}

fn consumed(operation: &str, table: &Value) -> Units {
    let (read, write) = (table["ReadCapacityUnits"].as_f64(), table["WriteCapacityUnits"].as_f64());
    if read.is_some() || write.is_some() {
        return Units { read: read.unwrap_or_default(), write: write.unwrap_or_default() };
    }
    let units = table["CapacityUnits"].as_f64().unwrap_or_default();
    match operation {
        "BatchGetItem" | "GetItem" | "Query" | "Scan" | "TransactGetItems" => Units { read: units, write: 0.0 },
        _ => Units { read: 0.0, write: units },
    }
}

/// The cost of a refused request: nothing, unless a condition had to be evaluated.
pub(super) fn of_refused<'a>(
    error: &DynoxideError,
    writes: impl Iterator<Item = (&'a Touch, &'a Option<Item>)>,
) -> Units {
    let write = match error {
        DynoxideError::ConditionalCheckFailedException(..) => {
            writes.map(|(_, before)| write_units(before.as_ref())).sum()
        }
        DynoxideError::TransactionCanceledException(..) => writes
            .map(|(touch, before)| touch.factor() * write_units(before.as_ref()).max(write_units(touch.put.as_ref())))
            .sum(),
        _ => 0.0,
    };
    Units { read: 0.0, write }
}

/// The units for writing an item once.
fn write_units(item: Option<&Item>) -> f64 {
    let item = item.and_then(|item| serde_json::from_value::<types::Item>(item.clone().into()).ok());
    types::write_capacity_units(item.as_ref().map_or(0, types::item_size))
}

/// The operations that report the capacity that they consumed.
const MEASURED: [&str; 10] = [
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "TransactGetItems",
    "TransactWriteItems",
    "UpdateItem",
];
