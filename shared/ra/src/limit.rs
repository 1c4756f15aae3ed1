//! Limits: how often an account, an external account key, a registered domain or a whole profile
//! may do something.
//!
//! A request is counted when everything else about it is in order, by all of its counters or by
//! none. The narrowest counter comes first, and the write itself shows whether it has room. The
//! wider counters are read before that write, so a refused request costs at most one write, and
//! none at counters that others share. When two requests race for the last place of a wider
//! counter, the loser takes back what it has counted.
//!
//! How full a counter was is remembered for as long as profiles are. A client that keeps trying
//! costs nothing in that time, and a counter with ample room is not read again.

mod counter;
mod counts;
mod registered_domain;
mod state;

use std::{collections::HashMap, sync::Arc};

use acme::{EventKind, Identifier, LimitFacts};
use authority::{Cache, Clock, Events, Failure, RepeatFilter, random};
use aws_lc_rs::digest;
use jiff::{SignedDuration, Timestamp};
use jose::base64url;
use store::{Counted, LimitStore, LimitWindow, OperationId};

use crate::{Directory, Error, Refusal};

pub use self::state::LimitState;
pub(crate) use self::{
    counter::Count,
    counts::{
        SAME_NAMES, of_certificate, of_failed_validation, of_key_change, of_order, of_pending_authorizations,
        of_stored_order,
    },
};
use self::{
    counter::{Counter, Part, shuffled},
    registered_domain::registered_domains,
};

/// A limit that is reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the limit {name} is reached: {maximum} in {window} seconds")]
pub struct LimitReached {
    /// The name of the limit's field in the profile.
    pub name: &'static str,
    /// The registered domain that has reached it, if it is a limit of registered domains.
    pub domain: Option<String>,
    /// The maximum number within a window.
    pub maximum: u32,
    /// The length of the window, in seconds.
    pub window: u32,
    /// The time until the next window starts, in seconds; at least 1.
    pub retry_after: u32,
}

/// Counts against the limits of profiles.
pub struct Limits {
    counters: Arc<dyn LimitStore>,
    events: Events,
    clock: Arc<dyn Clock>,
    /// The last known count of each window.
    seen: Cache<LimitWindow, u32>,
    /// The windows that have not ended and were reported as full.
    full: RepeatFilter<LimitWindow>,
}

impl Limits {
    /// Counts in this store. How full a counter was is remembered for `remembered`.
    pub fn new(
        counters: Arc<dyn LimitStore>,
        events: Events,
        clock: Arc<dyn Clock>,
        remembered: SignedDuration,
    ) -> Self {
        Self { counters, events, clock, seen: Cache::new(remembered), full: RepeatFilter::default() }
    }

    /// Counts what a request is about to do: everywhere, or nowhere when a limit is reached.
    ///
    /// # Errors
    /// [`Refusal::LimitReached`] with the first limit that is.
    pub(crate) async fn count(&self, serving: &Directory, counts: &[Count]) -> Result<(), Error> {
        let now = self.clock.now();
        let counters: Vec<Counter> = counts.iter().filter_map(|count| count.counter(serving, now)).collect();
        let Some((narrowest, wider)) = counters.split_first() else { return Ok(()) };
        let outcome = async {
            let first = self.any_part(narrowest, now).await?;
            let parts = self.parts_with_room(wider, now).await?;
            let mut counted = Vec::with_capacity(counters.len());
            for (counter, part) in counters.iter().zip(std::iter::once(first).chain(parts)) {
                match self.count_at(counter, part, now).await {
                    Ok(done) => counted.push(done),
                    Err(error) => {
                        self.take_back(counted).await?;
                        return Err(error);
                    }
                }
            }
            Ok(())
        };
        let outcome = outcome.await;
        outcome.inspect_err(|error| self.tell_limit(serving, &counters, error, now))
    }

    /// Whether a counter of one part has room, without counting.
    ///
    /// # Errors
    /// [`Refusal::LimitReached`] when it is full.
    pub(crate) async fn check_room(&self, serving: &Directory, count: &Count) -> Result<(), Error> {
        let now = self.clock.now();
        let Some(counter) = count.counter(serving, now) else { return Ok(()) };
        let part = self.another_part(&counter, &[], now).await;
        part.map(drop).inspect_err(|error| self.tell_limit(serving, std::slice::from_ref(&counter), error, now))
    }

    /// Emits that one of the counters is full, once in its window.
    fn tell_limit(&self, serving: &Directory, counters: &[Counter], error: &Error, now: Timestamp) {
        let Error::Refused(Refusal::LimitReached(reached)) = error else { return };
        let full = counters.iter().find(|counter| counter.reached(now) == *reached);
        let Some((counter, part)) = full.and_then(|counter| Some((counter, counter.parts.first()?))) else { return };
        if self.full.admit(part.window.clone(), now, part.window.ends_at()).is_some() {
            self.events.emit(EventKind::LimitReached(LimitFacts {
                directory: serving.directory.clone(),
                limit: reached.name.to_owned(),
                subject: counter.of.text(),
                maximum: reached.maximum,
                window: reached.window,
                retry_after: reached.retry_after,
            }));
        }
    }

    /// A part of the counter that may have room, as far as is known.
    async fn any_part(&self, counter: &Counter, now: Timestamp) -> Result<Part, Error> {
        let parts = self.open_parts(counter, &[], now).await;
        shuffled(parts)?.into_iter().next().ok_or_else(|| counter.reached(now).into())
    }

    /// A part with room for each counter. First, one part of each counter is checked, and those
    /// that are not remembered are read together; then the other parts of a counter whose part was
    /// full.
    async fn parts_with_room(&self, counters: &[Counter], now: Timestamp) -> Result<Vec<Part>, Error> {
        let mut parts = Vec::with_capacity(counters.len());
        let mut unknown = Vec::new();
        for counter in counters {
            let part = self.any_part(counter, now).await?;
            let used = self.seen.get(&part.window, now).await;
            if !used.is_some_and(|used| part.has_ample_room(used, counter.amount)) {
                unknown.push(part.window.clone());
            }
            parts.push(part);
        }
        let used: HashMap<LimitWindow, u32> = self.look_at(unknown, now).await?.into_iter().collect();
        for (counter, part) in counters.iter().zip(&mut parts) {
            if used.get(&part.window).is_some_and(|used| !part.has_room(*used, counter.amount)) {
                *part = self.another_part(counter, std::slice::from_ref(part), now).await?;
            }
        }
        Ok(parts)
    }

    /// A part with room, other than these full ones.
    async fn another_part(&self, counter: &Counter, full: &[Part], now: Timestamp) -> Result<Part, Error> {
        let others = self.open_parts(counter, full, now).await;
        let used = self.look_at(others.iter().map(|part| part.window.clone()).collect(), now).await?;
        let roomy = others.into_iter().zip(used).filter(|(part, (_, used))| part.has_room(*used, counter.amount));
        let roomy = shuffled(roomy.map(|(part, _)| part).collect())?;
        roomy.into_iter().next().ok_or_else(|| counter.reached(now).into())
    }

    /// The parts that are not known to be full.
    async fn open_parts(&self, counter: &Counter, full: &[Part], now: Timestamp) -> Vec<Part> {
        let mut open = Vec::with_capacity(counter.parts.len());
        for part in counter.parts.iter().filter(|part| !full.contains(part)) {
            let used = self.seen.get(&part.window, now).await;
            if used.is_none_or(|used| part.has_room(used, counter.amount)) {
                open.push(part.clone());
            }
        }
        open
    }

    /// The counts of these windows.
    async fn look_at(&self, windows: Vec<LimitWindow>, now: Timestamp) -> Result<Vec<(LimitWindow, u32)>, Error> {
        if windows.is_empty() {
            return Ok(Vec::new());
        }
        let used = self.counters.counted(&windows).await?;
        let used: Vec<_> = windows.into_iter().zip(used).collect();
        for (window, used) in &used {
            self.seen.put(window.clone(), now, *used).await;
        }
        Ok(used)
    }

    /// Counts at the part, or at another part if its last place was taken in the meantime.
    async fn count_at(&self, counter: &Counter, part: Part, now: Timestamp) -> Result<Done, Error> {
        let (mut part, mut full) = (part, Vec::new());
        // Each round rules out one part.
        for _ in 0..=counter.parts.len() {
            let operation = OperationId::from_random(random()?);
            let Part { window, share } = &part;
            match self.counters.count(window, counter.amount, *share, operation).await? {
                Counted::Within { used } => {
                    self.seen.put(window.clone(), now, used).await;
                    return Ok(Done { window: part.window, amount: counter.amount, operation });
                }
                Counted::Over { .. } => {
                    // The count is at least this high, or there would have been room.
                    let used = share.saturating_add(1).saturating_sub(counter.amount);
                    self.seen.put(window.clone(), now, used).await;
                }
            }
            full.push(part);
            part = self.another_part(counter, &full, now).await?;
        }
        Err(Failure::Busy.into())
    }

    /// Takes back what a request has counted before it was refused. What cannot be taken back stays
    /// counted.
    async fn take_back(&self, counted: Vec<Done>) -> Result<(), Error> {
        for Done { window, amount, operation } in counted {
            let taking_back = OperationId::from_random(random()?);
            if let Err(error) = self.counters.take_back(&window, amount, operation, taking_back).await {
                tracing::warn!(
                    counter = window.key,
                    error = &error as &dyn std::error::Error,
                    "a count could not be taken back"
                );
            }
        }
        Ok(())
    }
}

/// A count that a request has made.
struct Done {
    window: LimitWindow,
    amount: u32,
    operation: OperationId,
}

/// A text for a set of identifiers, independent of their order.
fn set_of_names(names: &[Identifier]) -> String {
    let mut names: Vec<String> = names.iter().map(ToString::to_string).collect();
    names.sort_unstable();
    base64url::encode(digest::digest(&digest::SHA256, names.join(" ").as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use acme::IdentifierObject;

    use super::*;

    fn dns(name: &str) -> Identifier {
        IdentifierObject { r#type: "dns".to_owned(), value: name.to_owned() }.try_into().unwrap()
    }

    #[test]
    fn a_set_of_names_has_no_order() {
        let set = |names: &[&str]| set_of_names(&names.iter().map(|name| dns(name)).collect::<Vec<_>>());
        assert_eq!(set(&["a.test", "b.test"]), set(&["b.test", "a.test"]));
        assert_ne!(set(&["a.test"]), set(&["a.test", "b.test"]));
        assert_ne!(set(&["a.test"]), set(&["*.a.test"]));
    }
}
