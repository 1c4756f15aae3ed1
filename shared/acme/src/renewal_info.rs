//! Renewal information (RFC 9773): when a client should come back for the next certificate.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// The renewal information object (RFC 9773 §4.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RenewalInfo {
    /// Renew at a random time in here.
    pub suggested_window: SuggestedWindow,
    /// A page that says why the window moved.
    #[serde(rename = "explanationURL", skip_serializing_if = "Option::is_none")]
    pub explanation_url: Option<String>,
}

/// A span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SuggestedWindow {
    /// From here.
    pub start: Timestamp,
    /// To here, exclusive and later.
    pub end: Timestamp,
}

impl SuggestedWindow {
    /// The window of a certificate in good standing: from two thirds of its life, for a
    /// twenty-fourth of it (a 90-day certificate: from day 60, nearly four days).
    pub fn of_lifetime(not_before: Timestamp, not_after: Timestamp) -> Self {
        let lifetime = not_after.duration_since(not_before);
        let start = not_after - lifetime / 3;
        Self::starting(start, lifetime / 24)
    }

    /// The window of a certificate that should be gone already: it ended before `now`, which tells
    /// clients to renew at once (RFC 9773 §4.2).
    pub fn passed(now: Timestamp) -> Self {
        Self::starting(now - SignedDuration::from_hours(2), SignedDuration::from_hours(1))
    }

    /// The window from `start` to `end`; a second long when that is not later.
    pub fn between(start: Timestamp, end: Timestamp) -> Self {
        Self::starting(start, end.duration_since(start))
    }

    fn starting(start: Timestamp, length: SignedDuration) -> Self {
        let start = crate::whole_seconds(start);
        // The end must be later than the start, also for certificates that live for seconds.
        let length = length.max(SignedDuration::from_secs(1));
        Self { start, end: crate::whole_seconds(start + length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s18_the_window_opens_at_two_thirds_of_the_life() {
        let begin: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let window = SuggestedWindow::of_lifetime(begin, begin + SignedDuration::from_hours(90 * 24));
        assert_eq!(window.start.to_string(), "2026-03-02T00:00:00Z");
        assert_eq!(window.end.to_string(), "2026-03-05T18:00:00Z");
    }

    #[test]
    fn the_window_never_closes_before_it_opens() {
        let begin: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let window = SuggestedWindow::of_lifetime(begin, begin + SignedDuration::from_secs(1));
        assert!(window.start < window.end);
        assert!(SuggestedWindow::passed(begin).end < begin);
    }
}
