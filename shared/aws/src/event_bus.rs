//! EventBridge: events that a function's library finds in an invocation are put on an event bus, in
//! batches.
//!
//! Delivery is at least once: when a part of a batch is refused repeatedly, the whole invocation
//! fails and Lambda retries it, so that events that were already delivered are delivered again,
//! with the same id in their document.

use std::time::Duration;

use acme::failure_chain;
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_eventbridge::{Client, error::DisplayErrorContext, primitives::DateTime, types::PutEventsRequestEntry};
use jiff::Timestamp;
use lambda_runtime::Error as BoxError;
use serde_json::value::RawValue;
use tokio::time::sleep;

use crate::{Environment, EnvironmentError, Function, InvocationError, function::write, sdk};

/// An event for the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusEvent {
    /// The time of the event.
    pub time: Timestamp,
    /// The `detail-type`, by which rules select events.
    pub r#type: String,
    /// The event document as JSON.
    pub detail: String,
}

impl From<(Timestamp, String, String)> for BusEvent {
    fn from((time, r#type, detail): (Timestamp, String, String)) -> Self {
        Self { time, r#type, detail }
    }
}

/// Finds the events in the payload of an invocation.
pub type FindEvents = fn(&str) -> Result<Vec<BusEvent>, BoxError>;

/// An event bus.
pub struct EventBus {
    client: Client,
    name: String,
}

/// A function that puts events on a bus. It is constructed from nothing else, and so without
/// [`Clients`](crate::Clients), which would link the client of the table.
pub struct EventForwarder {
    bus: EventBus,
    find: FindEvents,
}

impl EventBus {
    /// The bus of a function with this environment.
    ///
    /// # Errors
    /// The environment variable with the name of the bus is missing.
    pub fn new(config: &SdkConfig, environment: &Environment) -> Result<Self, EnvironmentError> {
        let name = environment.required("EVENT_BUS_NAME", "the name of an event bus")?.to_owned();
        Ok(Self { client: Client::new(&sdk::bounded(config.clone())), name })
    }

    async fn put(&self, events: &[BusEvent]) -> Result<(), InvocationError> {
        let mut entries: Vec<_> = events.iter().map(|event| self.entry(event)).collect();
        for attempt in 0..ATTEMPTS {
            let put = self.client.put_events().set_entries(Some(entries.clone())).send().await;
            let put = put.map_err(|error| failed(DisplayErrorContext(error).to_string()))?;
            let mut results = put.entries.unwrap_or_default().into_iter();
            // There is one result for each entry, in the order of entries; only refused entries are
            // tried again.
            let mut refusal = None;
            entries.retain(|_| match results.next() {
                Some(result) if result.error_code.is_none() => false,
                refused => {
                    refusal = refused.or(refusal.take());
                    true
                }
            });
            if entries.is_empty() {
                return Ok(());
            }
            let reason = refusal.and_then(|refusal| refusal.error_code).unwrap_or_default();
            tracing::warn!(refused = entries.len(), reason, attempt, "the bus refused a part of a batch");
            sleep(FIRST_PAUSE * 2u32.pow(attempt)).await;
        }
        Err(failed(format!("{} entries are refused", entries.len())))
    }

    fn entry(&self, event: &BusEvent) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .time(DateTime::from_secs(event.time.as_second()))
            .detail_type(&event.r#type)
            .detail(&event.detail)
            .build()
    }
}

impl EventForwarder {
    /// The function that `main.rs` starts.
    pub fn new(bus: EventBus, find: FindEvents) -> Self {
        Self { bus, find }
    }
}

#[async_trait]
impl Function for EventForwarder {
    async fn invoke(&self, event: &RawValue) -> Result<Box<RawValue>, InvocationError> {
        let events = (self.find)(event.get()).map_err(|error| {
            let reason = failure_chain(error.as_ref());
            tracing::error!(reason, "the payload of an invocation cannot be read");
            InvocationError::Failed(reason)
        })?;
        for batch in batches(&events) {
            self.bus.put(batch).await?;
        }
        write(&serde_json::json!({ "put": events.len() }))
    }
}

fn failed(reason: String) -> InvocationError {
    tracing::error!(reason, "events were not put on the bus; Lambda tries again");
    InvocationError::Failed(reason)
}

/// Batches within the limits of PutEvents: ten entries with 256 KiB in total.
fn batches(events: &[BusEvent]) -> Vec<&[BusEvent]> {
    let mut batches = Vec::new();
    let mut rest = events;
    while !rest.is_empty() {
        let mut size = 0;
        let fits = rest.iter().take(MAX_ENTRIES).take_while(|event| {
            size += event.detail.len() + event.r#type.len() + OVERHEAD;
            size <= MAX_OCTETS
        });
        // A single event that is too large is left for the bus to refuse.
        let (batch, later) = rest.split_at(fits.count().max(1));
        batches.push(batch);
        rest = later;
    }
    batches
}

/// The `source` of all events.
const SOURCE: &str = "serverless-acme";

const MAX_ENTRIES: usize = 10;
const MAX_OCTETS: usize = 256 << 10;
/// Bytes for source and time, with a margin.
const OVERHEAD: usize = 64;

/// The number of tries for calls that succeed partially; the SDK retries calls that fail.
const ATTEMPTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    fn event(length: usize) -> BusEvent {
        BusEvent { time: Timestamp::UNIX_EPOCH, r#type: String::new(), detail: " ".repeat(length) }
    }

    #[test]
    fn batches_hold_what_a_call_takes() {
        let sizes = |events: &[BusEvent]| batches(events).iter().map(|batch| batch.len()).collect::<Vec<_>>();
        assert_eq!(sizes(&[]), [] as [usize; 0]);
        assert_eq!(sizes(&vec![event(1); 23]), [10, 10, 3]);
        assert_eq!(sizes(&vec![event(100 << 10); 5]), [2, 2, 1]);
        assert_eq!(sizes(&[event(1), event(300 << 10), event(1)]), [1, 1, 1]);
    }
}
