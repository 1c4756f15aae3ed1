//! EventBridge: buses in memory, from which tests read.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::account::{ACCOUNT, REGION};
use crate::call::Access;
use crate::description::Description;
use crate::fault::Manner;
use crate::lock::locked;
use crate::request::{Request, Service};
use crate::response::{Refusal, Reply};

#[derive(Default)]
pub(crate) struct EventBridge {
    buses: Mutex<BTreeMap<String, Vec<Value>>>,
}

impl EventBridge {
    pub(crate) fn create_bus(&self, name: &str) -> String {
        locked(&self.buses).entry(name.to_owned()).or_default();
        arn(name)
    }

    /// The entries on a bus, in the order in which they were put.
    pub(crate) fn events(&self, bus: &str) -> Vec<Value> {
        locked(&self.buses).get(bus).cloned().unwrap_or_default()
    }

    pub(crate) fn describe(&self, request: &Request) -> Description {
        let mut buses: Vec<&str> = entries(request).iter().map(bus_of).collect();
        buses.dedup();
        let access = |bus: &&str| Access::new(format!("events:{}", request.operation), arn(bus));
        Description { accesses: buses.iter().map(access).collect(), consistent: true, conditional: false }
    }

    pub(crate) fn handle(&self, request: &Request, manner: Manner) -> Reply {
        if request.operation != "PutEvents" {
            return Refusal::new(400, "UnknownOperationException", "not in this cloud").reply(Service::EventBridge);
        }
        let entries = entries(request);
        let size: usize = entries.iter().map(|entry| entry.to_string().len()).sum();
        if entries.is_empty() || entries.len() > MAX_ENTRIES || size > MAX_OCTETS {
            let message = format!("{} entries of {size} octets", entries.len());
            return Refusal::new(400, "ValidationException", message).reply(Service::EventBridge);
        }
        let taken = match manner {
            Manner::HalfOfTheBatch => entries.len() / 2,
            Manner::Plain | Manner::Stale => entries.len(),
        };
        let mut buses = locked(&self.buses);
        let mut results = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            results.push(if index >= taken {
                json!({ "ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded" })
            } else if !is_whole(entry) {
                json!({ "ErrorCode": "InvalidArgument", "ErrorMessage": "A required member is missing." })
            } else if let Some(bus) = buses.get_mut(bus_of(entry)) {
                bus.push(entry.clone());
                json!({ "EventId": format!("event-{}", bus.len()) })
            } else {
                // Like EventBridge: an entry for a bus that does not exist is accepted and
                // discarded.
                json!({ "EventId": "event-0" })
            });
        }
        let failed = results.iter().filter(|result| result.get("ErrorCode").is_some()).count();
        Reply::json(&json!({ "FailedEntryCount": failed, "Entries": results }))
    }
}

fn entries(request: &Request) -> &[Value] {
    request.json["Entries"].as_array().map_or(&[][..], Vec::as_slice)
}

fn bus_of(entry: &Value) -> &str {
    entry["EventBusName"].as_str().unwrap_or("default")
}

fn is_whole(entry: &Value) -> bool {
    let has = |member: &str| entry[member].as_str().is_some_and(|text| !text.is_empty());
    let detail: Option<Value> = entry["Detail"].as_str().and_then(|detail| serde_json::from_str(detail).ok());
    has("Source") && has("DetailType") && detail.is_some_and(|detail| detail.is_object())
}

fn arn(bus: &str) -> String {
    format!("arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{bus}")
}

const MAX_ENTRIES: usize = 10;
const MAX_OCTETS: usize = 256 << 10;
