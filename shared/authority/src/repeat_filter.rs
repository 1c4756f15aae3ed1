//! Limits how often repeated events are emitted.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;

/// The recently emitted events, so that they are not emitted again at once.
///
/// Unlike a change, a refusal can be repeated by any caller without limit. One event of each kind
/// is emitted per period, so that an unknown caller can fill neither a spool nor a bus; the next
/// event contains the number of suppressed ones.
pub struct RepeatFilter<K>(Mutex<HashMap<K, LastEmitted>>);

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
    /// If the event is to be emitted, the number of suppressed events of its kind since the last
    /// emitted one; the following ones are suppressed `until` then. Otherwise `None`.
    pub fn admit(&self, kind: K, now: Timestamp, until: Timestamp) -> Option<u32> {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = recent.get_mut(&kind) {
            if now < last.until {
                last.untold = last.untold.saturating_add(1);
                return None;
            }
            let untold = last.untold;
            *last = LastEmitted { until, untold: 0 };
            return Some(untold);
        }
        if recent.len() >= MAX_REMEMBERED {
            recent.retain(|_, last| now < last.until);
        }
        // With more kinds than this at once, only the log of requests has them.
        (recent.len() < MAX_REMEMBERED).then(|| {
            recent.insert(kind, LastEmitted { until, untold: 0 });
            0
        })
    }
}

const MAX_REMEMBERED: usize = 10_000;

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn threat_28_of_many_refusals_one_a_minute_is_emitted_with_the_number_of_the_others() {
        let refusals = RepeatFilter::default();
        let admit =
            |kind: &'static str, second| refusals.admit(kind, at(second), at(second) + SignedDuration::from_mins(1));
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
        let admit = |kind, second| refusals.admit(kind, at(second), at(second) + SignedDuration::from_mins(1));
        assert_eq!((0..MAX_REMEMBERED + 10).filter(|kind| admit(*kind, 0).is_some()).count(), MAX_REMEMBERED);
        assert_eq!(admit(MAX_REMEMBERED + 10, 60), Some(0));
        assert_eq!(refusals.0.lock().unwrap().len(), 1);
    }
}
