//! The end of a probe, known to each of its steps.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, timeout_at};

/// The moment at which a probe gives up. Each step waits no longer than that, so the step that was
/// too slow can say what it was doing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// `limit` from now.
    pub(crate) fn after(limit: Duration) -> Self {
        Self(Instant::now() + limit)
    }

    /// This deadline, or `limit` from now if that is sooner.
    pub(crate) fn or_after(self, limit: Duration) -> Self {
        Self(self.0.min(Instant::now() + limit))
    }

    /// The result of `step`, if it comes in time.
    pub(crate) async fn bound<F: Future>(self, step: F) -> Result<F::Output, TooLate> {
        timeout_at(self.0, step).await.map_err(|_| TooLate)
    }
}

/// The deadline came first.
#[derive(Debug)]
pub(crate) struct TooLate;
