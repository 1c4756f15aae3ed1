//! The operations of the emulator, by name.

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Runs an operation.
pub(super) fn execute(database: &Database, operation: &str, body: &Value) -> Result<Value, DynoxideError> {
    match operation {
        "BatchGetItem" => run(body, |request| database.batch_get_item(request)),
        "BatchWriteItem" => run(body, |request| database.batch_write_item(request)),
        "CreateTable" => run(body, |request| database.create_table(request)),
        "DeleteItem" => run(body, |request| database.delete_item(request)),
        "DeleteTable" => run(body, |request| database.delete_table(request)),
        "DescribeTable" => run(body, |request| database.describe_table(request)),
        "DescribeTimeToLive" => run(body, |request| database.describe_time_to_live(request)),
        "GetItem" => run(body, |request| database.get_item(request)),
        "ListTables" => run(body, |request| database.list_tables(request)),
        "PutItem" => run(body, |request| database.put_item(request)),
        "Query" => run(body, |request| database.query(request)),
        "Scan" => run(body, |request| database.scan(request)),
        "TransactGetItems" => run(body, |request| database.transact_get_items(request)),
        "TransactWriteItems" => run(body, |request| database.transact_write_items(request)),
        "UpdateItem" => run(body, |request| database.update_item(request)),
        "UpdateTable" => run(body, |request| database.update_table(request)),
        "UpdateTimeToLive" => run(body, |request| database.update_time_to_live(request)),
        _ => Err(DynoxideError::ValidationException(format!("{operation} is not in this cloud"))),
    }
}

fn run<I: DeserializeOwned, O: Serialize>(
    body: &Value,
    operation: impl FnOnce(I) -> Result<O, DynoxideError>,
) -> Result<Value, DynoxideError> {
    // Converted to text first, because the emulator's own deserializers expect text.
    let request = serde_json::from_str(&body.to_string()).map_err(malformed)?;
    serde_json::to_value(operation(request)?).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// The emulator marks the class of a malformed request with a prefix of the message, and serde
/// appends the position.
fn malformed(error: serde_json::Error) -> DynoxideError {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    match message.split_once(':') {
        Some(("SERIALIZATION", rest)) => DynoxideError::SerializationException(rest.to_owned()),
        Some(("VALIDATION" | "VALIDATION_REQUEST", rest)) => DynoxideError::ValidationException(rest.to_owned()),
        _ => DynoxideError::ValidationException(message.to_owned()),
    }
}
