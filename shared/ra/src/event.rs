//! Events: what is told, when, and to whom.
//!
//! An event is told by the write that made it true, when that write was applied, and by nobody who lost the round. It is one line of
//! the log, always, and goes to the [`EventSink`] of the host. Between the write and the line a crash can lose an event, never the
//! other way round: nothing is told that is not so.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
};

use acme::{
    AccountFacts, AccountId, CertificateFacts, Event, EventKind, Identifier, Order, RefusalFacts, RefusalReason,
};
use jiff::{SignedDuration, Timestamp};
use store::CertificateRecord;

use crate::{Authority, Directory, Error, IdentifierRefusal, random};

/// Where events go beside the log: in one process, to the webhook. On AWS there is nothing beside the log, whose lines a subscription
/// forwards.
pub trait EventSink: Send + Sync {
    /// Takes an event. A client waits meanwhile, and what happened has happened: a sink is quick and cannot refuse.
    fn take(&self, event: &Event);
}

/// The log alone.
impl EventSink for () {
    fn take(&self, _: &Event) {}
}

impl Authority {
    /// Tells what happened just now.
    pub(crate) fn emit(&self, what: EventKind) {
        // An id that could be guessed is better than an event that nobody hears of.
        let event = Event::new(self.now(), random().unwrap_or_default(), what);
        // No document of strings and numbers fails to be written.
        let document = serde_json::to_string(&event).unwrap_or_default();
        tracing::info!(target: "event", event = event.what.name(), document, "{}", event.what.sentence());
        self.events.take(&event);
    }

    /// Tells that a policy refused a request, if that is what the error says, and hands it on. `account` is `None` for a request that
    /// no account made.
    pub(crate) fn told<T>(
        &self,
        serving: &Directory,
        account: Option<AccountId>,
        result: Result<T, Error>,
    ) -> Result<T, Error> {
        let Err(error) = &result else { return result };
        let Some((reason, names, detail)) = refusal(error) else { return result };
        let directory = serving.directory.clone();
        let now = self.now();
        if let Some(untold) = self.refusals.admit((directory.clone(), account, reason), now, now + QUIET) {
            self.emit(EventKind::RequestRefused(RefusalFacts { directory, account, reason, names, detail, untold }));
        }
        result
    }

    /// Has an event made on purpose, to see whether it arrives.
    ///
    /// # Errors
    /// When the act cannot be recorded.
    pub async fn emit_test(&self, actor: &str) -> Result<(), Error> {
        self.record_act(actor, "events test", "-", Default::default()).await?;
        self.emit(EventKind::Test { actor: actor.to_owned() });
        Ok(())
    }
}

/// What was told lately, so that it is not told again at once.
///
/// A refusal is no change that could happen only once: anybody may be refused as often as they ask, also those whom nobody knows. One of
/// each kind is told in a while, so that a stranger can fill neither a spool nor a bus; the next one says how many were not.
pub(crate) struct RepeatFilter<K>(Mutex<HashMap<K, LastEmitted>>);

struct LastEmitted {
    until: Timestamp,
    untold: u32,
}

impl<K> Default for RepeatFilter<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> RepeatFilter<K> {
    /// How many of this kind were not told since the last that was, when this one is to be told; those that follow are not, `until` then.
    pub(crate) fn admit(&self, kind: K, now: Timestamp, until: Timestamp) -> Option<u32> {
        let mut lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = lately.get_mut(&kind) {
            if now < last.until {
                last.untold = last.untold.saturating_add(1);
                return None;
            }
            let untold = last.untold;
            *last = LastEmitted { until, untold: 0 };
            return Some(untold);
        }
        if lately.len() >= MAX_REMEMBERED {
            lately.retain(|_, last| now < last.until);
        }
        // When there are so many kinds at once, the log of requests has to do.
        (lately.len() < MAX_REMEMBERED).then(|| {
            lately.insert(kind, LastEmitted { until, untold: 0 });
            0
        })
    }
}

/// The policy that refused: its kind, the names, and the reason. Nothing of a request that is merely wrong.
fn refusal(error: &Error) -> Option<(RefusalReason, Vec<String>, String)> {
    let reason = match error {
        Error::AccountEnded(_) => RefusalReason::AccountEnded,
        Error::ExternalAccountRequired | Error::ExternalAccountRefused(_) => RefusalReason::ExternalAccount,
        Error::KeyBlocked | Error::CertificateKey(_) => RefusalReason::Key,
        Error::TooManyIdentifiers(_) => RefusalReason::Names,
        Error::Identifiers(refused) => {
            let by_policy = refused.iter().filter(|(_, why)| !matches!(why, IdentifierRefusal::Malformed(_)));
            let by_policy = by_policy.take(MAX_NAMES).map(|(name, why)| (name.value.clone(), why));
            let (names, reasons): (Vec<_>, Vec<_>) = by_policy.unzip();
            let detail = reasons.first()?.to_string();
            return Some((RefusalReason::Names, names, detail));
        }
        _ => return None,
    };
    let detail = match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    };
    Some((reason, Vec::new(), detail))
}

/// An account as events say it.
pub(crate) fn account_facts(account: &acme::Account, actor: Option<&str>) -> AccountFacts {
    AccountFacts { directory: account.directory.clone(), account: account.id, actor: actor.map(str::to_owned) }
}

/// A certificate as events say it; with its order, when that is at hand.
pub(crate) fn certificate_facts(record: &CertificateRecord, order: Option<&Order>) -> CertificateFacts {
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
pub(crate) fn names(identifiers: &[Identifier]) -> Vec<String> {
    identifiers.iter().map(ToString::to_string).collect()
}

/// For how long a refusal of the same kind is not told again.
const QUIET: SignedDuration = SignedDuration::from_mins(1);

const MAX_REMEMBERED: usize = 10_000;

/// So many names of a refusal are told.
const MAX_NAMES: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn threat_28_of_many_refusals_one_a_minute_is_told_with_the_number_of_the_others() {
        let refusals = RepeatFilter::default();
        let admit = |kind: &'static str, second| refusals.admit(kind, at(second), at(second) + QUIET);
        assert_eq!(admit("one", 0), Some(0));
        for second in 1..60 {
            assert_eq!(admit("one", second), None);
        }
        assert_eq!(admit("one", 60), Some(59));
        assert_eq!(admit("one", 61), None);
        assert_eq!(admit("other", 61), Some(0));
    }

    #[test]
    fn threat_28_however_many_are_refused_memory_has_an_end() {
        let refusals = RepeatFilter::default();
        let admit = |kind, second| refusals.admit(kind, at(second), at(second) + QUIET);
        assert_eq!((0..MAX_REMEMBERED + 10).filter(|kind| admit(*kind, 0).is_some()).count(), MAX_REMEMBERED);
        assert_eq!(admit(MAX_REMEMBERED + 10, 60), Some(0));
        assert_eq!(refusals.0.lock().unwrap().len(), 1);
    }
}
