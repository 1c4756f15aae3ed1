//! Renewal information (RFC 9773): when a client should renew a certificate.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// The renewal information object (RFC 9773 §4.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RenewalInfo {
    /// The client renews at a random time in this window.
    pub suggested_window: SuggestedWindow,
    /// The URL of a page that explains why the window was moved; absent when there is none.
    #[serde(rename = "explanationURL", skip_serializing_if = "Option::is_none")]
    pub explanation_url: Option<String>,
}

/// The window in which a client should renew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SuggestedWindow {
    /// The start of the window.
    pub start: Timestamp,
    /// The end of the window, which is always later than the start.
    pub end: Timestamp,
}

impl SuggestedWindow {
    /// The window of a certificate in good standing. It opens after two thirds of the certificate's
    /// life and lasts a twenty-fourth of it: for a 90-day certificate from day 60, nearly four
    /// days.
    pub fn of_lifetime(not_before: Timestamp, not_after: Timestamp) -> Self {
        let lifetime = not_after.duration_since(not_before);
        let start = not_after - lifetime / 3;
        Self::starting(start, lifetime / 24)
    }

    /// The window of a certificate that should be replaced now: it ended before `now`, so that
    /// clients renew at once (RFC 9773 §4.2).
    pub fn passed(now: Timestamp) -> Self {
        Self::starting(now - SignedDuration::from_hours(2), SignedDuration::from_hours(1))
    }

    /// The window from `start` to `end`; one second long if `end` is not later than `start`.
    pub fn between(start: Timestamp, end: Timestamp) -> Self {
        Self::starting(start, end.duration_since(start))
    }

    /// The number of seconds after which a client should ask again: when the window opens, and
    /// while it is open, when it closes; but at most `most`.
    pub fn poll_after(&self, now: Timestamp, most: u32) -> u32 {
        let next = [self.start, self.end].into_iter().find(|time| *time > now);
        let until = next.and_then(|time| u32::try_from(time.duration_since(now).as_secs()).ok());
        until.map_or(most, |until| until.clamp(1, most))
    }

    fn starting(start: Timestamp, length: SignedDuration) -> Self {
        let start = crate::whole_seconds(start);
        // The end must be later than the start, even for certificates that are valid for seconds.
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
    fn s18_clients_are_asked_back_before_the_window_has_passed() {
        let begin: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let window = SuggestedWindow::of_lifetime(begin, begin + SignedDuration::from_hours(1));
        let after = |seconds| window.poll_after(begin + SignedDuration::from_secs(seconds), 21_600);
        assert_eq!((after(0), after(2399), after(2400), after(2549)), (2400, 1, 150, 1));
        assert_eq!(after(2550), 21_600, "the window has passed");
        let window = SuggestedWindow::of_lifetime(begin, begin + SignedDuration::from_hours(90 * 24));
        assert_eq!(window.poll_after(begin, 21_600), 21_600);
    }

    #[test]
    fn the_window_never_closes_before_it_opens() {
        let begin: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let window = SuggestedWindow::of_lifetime(begin, begin + SignedDuration::from_secs(1));
        assert!(window.start < window.end);
        assert!(SuggestedWindow::passed(begin).end < begin);
    }
}
