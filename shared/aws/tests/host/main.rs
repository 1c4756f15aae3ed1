//! The seams to AWS and the functions, tested against an in-process AWS with events as Lambda sends
//! them.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what does not go well fails the test"
)]

mod custom_resource;
mod http;
mod invocation;
mod kms;
mod queue_and_bucket;
mod worker;

use aws::{Environment, Function, InvocationError};
use cloud::Cloud;
use serde_json::{Value, value::to_raw_value};

/// A cloud with a table, and the environment of a function in it.
fn cloud() -> (Cloud, Environment) {
    let cloud = Cloud::start();
    cloud.create_table(TABLE);
    (cloud, [("TABLE_NAME", TABLE)].into_iter().collect())
}

/// Invokes a function as Lambda does.
async fn invoke(function: &impl Function, event: Value) -> Result<Value, InvocationError> {
    let answer = function.invoke(&to_raw_value(&event).unwrap()).await?;
    Ok(serde_json::from_str(answer.get()).unwrap())
}

/// An event of EventBridge's schedule.
fn scheduled() -> Value {
    serde_json::json!({
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2026-10-08T16:53:06Z",
        "region": "eu-central-1",
        "resources": ["arn:aws:events:eu-central-1:123456789012:rule/Hourly"],
        "detail": {},
    })
}

const TABLE: &str = "acme";
