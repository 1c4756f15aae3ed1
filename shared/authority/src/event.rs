//! Events: what is emitted, when, and to whom.
//!
//! An event is emitted by the write that made it true, when that write was applied, and by none that lost the round. It is one
//! line of the log, always, and goes to the [`EventSink`] of the host. Between the write and the line a crash can lose an event,
//! never the other way round: nothing is emitted that is not so.

use std::sync::Arc;

use acme::{AccountFacts, CertificateFacts, Event, EventKind, Identifier, Order};
use store::CertificateRecord;

use crate::{Clock, random};

/// Where events go beside the log: in one process, to the webhook. On AWS there is nothing beside the log, whose lines a
/// subscription forwards.
pub trait EventSink: Send + Sync {
    /// Takes an event. A client waits meanwhile, and what happened has happened: a sink is quick and cannot refuse.
    fn take(&self, event: &Event);
}

/// The log alone.
impl EventSink for () {
    fn take(&self, _: &Event) {}
}

/// Emits events: to the log and to the sink.
#[derive(Clone)]
pub struct Events {
    sink: Arc<dyn EventSink>,
    clock: Arc<dyn Clock>,
}

impl Events {
    /// To this sink, with the times of this clock.
    pub fn new(sink: Arc<dyn EventSink>, clock: Arc<dyn Clock>) -> Self {
        Self { sink, clock }
    }

    /// Emits what happened just now.
    pub fn emit(&self, what: EventKind) {
        // An id that could be guessed is better than an event that is lost.
        let event = Event::new(self.clock.now(), random().unwrap_or_default(), what);
        // No document of strings and numbers fails to be written.
        let document = serde_json::to_string(&event).unwrap_or_default();
        tracing::info!(target: "event", event = event.what.name(), document, "{}", event.what.sentence());
        self.sink.take(&event);
    }
}

/// An account as events say it.
pub fn account_facts(account: &acme::Account, actor: Option<&str>) -> AccountFacts {
    AccountFacts { directory: account.directory.clone(), account: account.id, actor: actor.map(str::to_owned) }
}

/// A certificate as events say it; with its order, when that is at hand.
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

/// Names as events say them.
pub fn names(identifiers: &[Identifier]) -> Vec<String> {
    identifiers.iter().map(ToString::to_string).collect()
}
