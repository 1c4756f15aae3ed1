//! Events: what is emitted, when, and to whom.
//!
//! An event is emitted after the write that made it true was applied, and only for that write. It
//! is always one line of the log, and also goes to the [`EventSink`] of the host. A crash between
//! the write and the line can lose an event, but an event is never emitted for something that did
//! not happen.

use std::sync::Arc;

use acme::{AccountFacts, CertificateFacts, Event, EventKind, Identifier, Order};
use store::CertificateRecord;

use crate::{Clock, random};

/// The destination of events in addition to the log: the webhook of the one-process host. On AWS
/// there is none, because a subscription forwards the lines of the log.
pub trait EventSink: Send + Sync {
    /// Receives an event. A client is waiting in the meantime and the event cannot be undone, so a
    /// sink must be fast and cannot refuse.
    fn take(&self, event: &Event);
}

/// No destination in addition to the log.
impl EventSink for () {
    fn take(&self, _: &Event) {}
}

/// Emits events to the log and to the sink.
#[derive(Clone)]
pub struct Events {
    sink: Arc<dyn EventSink>,
    clock: Arc<dyn Clock>,
}

impl Events {
    /// Emits to this sink, with the times of this clock.
    pub fn new(sink: Arc<dyn EventSink>, clock: Arc<dyn Clock>) -> Self {
        Self { sink, clock }
    }

    /// Emits an event with the present time.
    pub fn emit(&self, what: EventKind) {
        // An id that can be guessed is better than a lost event.
        let event = Event::new(self.clock.now(), random().unwrap_or_default(), what);
        // Serializing strings and numbers does not fail.
        let document = serde_json::to_string(&event).unwrap_or_default();
        tracing::info!(target: "event", event = event.what.name(), document, "{}", event.what.sentence());
        self.sink.take(&event);
    }
}

/// The members of events that describe an account.
pub fn account_facts(account: &acme::Account, actor: Option<&str>) -> AccountFacts {
    AccountFacts { directory: account.directory.clone(), account: account.id, actor: actor.map(str::to_owned) }
}

/// The members of events that describe a certificate, and its order if that is available.
pub fn certificate_facts(record: &CertificateRecord, order: Option<&Order>) -> CertificateFacts {
    CertificateFacts {
        directory: order.map(|order| order.directory.clone()),
        account: record.account,
        order: record.order,
        certificate: record.id.clone(),
        issuer: record.issuer.to_string(),
        names: names(&record.identifiers),
        not_before: record.not_before,
        not_after: record.not_after,
        replaces: order.and_then(|order| order.replaces.clone()),
    }
}

/// Identifiers in the format of events.
pub fn names(identifiers: &[Identifier]) -> Vec<String> {
    identifiers.iter().map(ToString::to_string).collect()
}
