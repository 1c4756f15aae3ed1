//! SQS: queues in memory, from which tests take messages.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::account::{ACCOUNT, REGION};
use crate::call::Access;
use crate::description::Description;
use crate::lock::locked;
use crate::request::{Request, Service};
use crate::response::{Refusal, Reply};

/// A message in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The id that SQS assigned.
    pub id: String,
    /// The body that was sent.
    pub body: String,
    /// Whose message it is, in a fair queue.
    pub group: Option<String>,
    /// How long SQS would hide it from receivers after it was sent.
    pub delay: Duration,
}

#[derive(Default)]
pub(crate) struct Sqs {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queues: BTreeMap<String, Queue>,
    sent: u64,
}

#[derive(Default)]
struct Queue {
    messages: VecDeque<Message>,
    arrival: Arc<Notify>,
}

impl Sqs {
    pub(crate) fn create_queue(&self, name: &str) -> String {
        self.state().queues.entry(name.to_owned()).or_default();
        format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}")
    }

    pub(crate) fn messages(&self, queue: &str) -> Vec<Message> {
        self.state().queue(queue).messages.iter().cloned().collect()
    }

    pub(crate) fn take(&self, queue: &str) -> Option<Message> {
        self.state().queue(queue).messages.pop_front()
    }

    pub(crate) async fn next(&self, queue: &str) -> Message {
        let arrival = Arc::clone(&self.state().queue(queue).arrival);
        loop {
            // Made before looking, so that an arrival between the two steps is not missed.
            let arrived = arrival.notified();
            if let Some(message) = self.take(queue) {
                return message;
            }
            arrived.await;
        }
    }

    pub(crate) fn describe(&self, request: &Request) -> Description {
        // The permission to send a message includes batches.
        let action = request.operation.trim_end_matches("Batch");
        let resource = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{}", queue_name(request));
        Description::of(Access::new(format!("sqs:{action}"), resource))
    }

    pub(crate) fn handle(&self, request: &Request) -> Reply {
        let mut state = self.state();
        let handled = match request.operation.as_str() {
            "SendMessage" => state.send(queue_name(request), &request.json).map(|id| json!({ "MessageId": id })),
            "SendMessageBatch" => state.send_batch(request),
            _ => Err(Refusal::new(400, "UnsupportedOperation", "not in this cloud")),
        };
        match handled {
            Ok(body) => Reply::json(&body),
            Err(refusal) => refusal.reply(Service::Sqs),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

impl State {
    fn queue(&mut self, name: &str) -> &mut Queue {
        self.queues.get_mut(name).expect("a queue of this cloud")
    }

    fn send_batch(&mut self, request: &Request) -> Result<Value, Refusal> {
        let entries = request.json["Entries"].as_array().map_or(&[][..], Vec::as_slice);
        if entries.is_empty() {
            return Err(Refusal::new(400, "EmptyBatchRequest", "There should be at least one entry in the request."));
        }
        if entries.len() > 10 {
            return Err(Refusal::new(
                400,
                "TooManyEntriesInBatchRequest",
                "Maximum number of entries per request: 10.",
            ));
        }
        let mut sent = Vec::new();
        for entry in entries {
            let id = self.send(queue_name(request), entry)?;
            sent.push(json!({ "Id": entry["Id"], "MessageId": id }));
        }
        Ok(json!({ "Successful": sent, "Failed": [] }))
    }

    /// Sends a message and returns its id.
    fn send(&mut self, queue: &str, entry: &Value) -> Result<String, Refusal> {
        let missing = || Refusal::new(400, "QueueDoesNotExist", "The specified queue does not exist.");
        let queue = self.queues.get_mut(queue).ok_or_else(missing)?;
        let delay = entry["DelaySeconds"].as_u64().unwrap_or_default();
        if delay > MAX_DELAY {
            return Err(Refusal::new(400, "InvalidParameterValue", "DelaySeconds must be 0 to 900."));
        }
        let body = entry["MessageBody"].as_str().filter(|body| !body.is_empty());
        let body = body.ok_or_else(|| Refusal::new(400, "MissingParameter", "MessageBody is missing."))?;
        self.sent += 1;
        let id = format!("message-{}", self.sent);
        let group = entry["MessageGroupId"].as_str().map(str::to_owned);
        let message = Message { id: id.clone(), body: body.to_owned(), group, delay: Duration::from_secs(delay) };
        queue.messages.push_back(message);
        queue.arrival.notify_waiters();
        Ok(id)
    }
}

/// The last segment of the queue's URL.
fn queue_name(request: &Request) -> &str {
    request.text("QueueUrl").rsplit('/').next().unwrap_or_default()
}

/// The maximum of `DelaySeconds`.
const MAX_DELAY: u64 = 900;
