//! The events that the CAs of this process emitted, from their log lines, which are the same on
//! every host.

use std::{
    fmt,
    sync::{Mutex, OnceLock, PoisonError},
};

use serde_json::Value;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, Registry, filter::Targets, layer::Context, layer::SubscriberExt};

use crate::reach::out_of_reach;

/// The events so far that are wanted, oldest first. The CAs of all tests in the process are
/// recorded, so a test asks for an account, an identifier or a profile that only it uses. Those of
/// a deployed stack are in its log, which no test reads.
pub fn emitted(wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
    if LISTENING.get().is_none() {
        out_of_reach();
    }
    let emitted = EMITTED.lock().unwrap_or_else(PoisonError::into_inner);
    emitted.iter().filter(|event| wanted(event)).cloned().collect()
}

/// The events of this type about the account with this id.
pub fn of_account(account: &str, r#type: &str) -> Vec<Value> {
    emitted(|event| event["account"] == account && event["type"] == r#type)
}

/// Records events from now on.
pub(crate) fn listen() {
    LISTENING.get_or_init(|| {
        let subscriber =
            Registry::default().with(Listener).with(Targets::new().with_target("event", tracing::Level::INFO));
        tracing::subscriber::set_global_default(subscriber).expect("the only subscriber");
    });
}

/// Set when a CA runs in this process.
static LISTENING: OnceLock<()> = OnceLock::new();
static EMITTED: Mutex<Vec<Value>> = Mutex::new(Vec::new());

struct Listener;

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        let document: Value = serde_json::from_str(&line.document).expect("a line with a document");
        assert_eq!(document["type"], line.event, "the line says which type it is");
        EMITTED.lock().unwrap_or_else(PoisonError::into_inner).push(document);
    }
}

#[derive(Default)]
struct Line {
    event: String,
    document: String,
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "event" => value.clone_into(&mut self.event),
            "document" => value.clone_into(&mut self.document),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
