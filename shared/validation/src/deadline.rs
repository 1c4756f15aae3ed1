//! The end of a probe, which each of its steps knows.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, timeout_at};

/// The time at which a probe gives up. No step waits longer, so the step that was too slow can
/// report what it was doing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// The time after `limit` from now.
    pub(crate) fn after(limit: Duration) -> Self {
        Self(Instant::now() + limit)
    }

    /// This deadline, or the time after `limit` from now if that is earlier.
    pub(crate) fn or_after(self, limit: Duration) -> Self {
        Self(self.0.min(Instant::now() + limit))
    }

    /// The result of `step`, if it finishes before the deadline.
    pub(crate) async fn bound<F: Future>(self, step: F) -> Result<F::Output, TooLate> {
        timeout_at(self.0, step).await.map_err(|_| TooLate)
    }
}

/// The deadline has passed.
#[derive(Debug)]
pub(crate) struct TooLate;
