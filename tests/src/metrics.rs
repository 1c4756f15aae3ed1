//! The measurements in the log, of which filters of the template make metrics.

use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex},
};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    instrument::WithSubscriber,
};
use tracing_subscriber::{Layer, Registry, filter::Targets, layer::Context, layer::SubscriberExt};

/// What the work measures: the names and the values, oldest first.
pub async fn measured<R>(work: impl Future<Output = R>) -> (R, Vec<(String, i64)>) {
    let listener = Listener::default();
    let lines = listener.0.clone();
    let log = Registry::default().with(listener).with(Targets::new().with_target("metric", tracing::Level::INFO));
    let result = work.with_subscriber(log).await;
    let lines = lines.lock().unwrap().clone();
    (result, lines)
}

#[derive(Default)]
struct Listener(Arc<Mutex<Vec<(String, i64)>>>);

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        self.0.lock().unwrap().push((line.metric, line.value));
    }
}

#[derive(Default)]
struct Line {
    metric: String,
    value: i64,
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "metric" {
            value.clone_into(&mut self.metric);
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        if field.name() == "value" {
            self.value = value;
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
