//! Warnings that come in a loop: one line a minute says what many would say.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Counts how often something happens, and says once a minute that it is time for a line about it.
#[derive(Debug, Default)]
pub struct OnceAMinute(Mutex<Since>);

#[derive(Clone, Copy, Debug, Default)]
struct Since {
    line: Option<Instant>,
    times: u64,
}

impl OnceAMinute {
    /// None so far.
    pub const fn new() -> Self {
        Self(Mutex::new(Since { line: None, times: 0 }))
    }

    /// It happened. How often since the last line, this time included, if there should be a line
    /// now.
    pub fn happened(&self) -> Option<u64> {
        self.happened_at(Instant::now(), 1)
    }

    /// It happened that many times at once.
    pub fn happened_times(&self, times: u64) -> Option<u64> {
        self.happened_at(Instant::now(), times)
    }

    fn happened_at(&self, now: Instant, times: u64) -> Option<u64> {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.times += times;
        if since.line.is_some_and(|line| now.saturating_duration_since(line) < A_MINUTE) {
            return None;
        }
        let times = since.times;
        *since = Since { line: Some(now), times: 0 };
        Some(times)
    }
}

const A_MINUTE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_often_is_one_line_a_minute_with_its_count() {
        let warning = OnceAMinute::new();
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        assert_eq!(warning.happened_at(at(0), 1), Some(1), "the first one at once");
        assert_eq!((1..60).find_map(|second| warning.happened_at(at(second), 1)), None);
        assert_eq!(warning.happened_at(at(60), 3), Some(62));
        assert_eq!(warning.happened_at(at(61), 1), None);
        assert_eq!(warning.happened_at(at(1000), 1), Some(2));
    }
}
