//! Counters of limits: how often something happened within a window of time.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{OperationId, StoreError};

/// Access to the counters of limits.
#[async_trait]
pub trait LimitStore: Send + Sync {
    /// Adds `amount` to the counter of the window unless that would exceed `maximum`. This is one
    /// conditional write, also when it is refused; then nothing is counted.
    ///
    /// Repeating an operation counts once, unless another operation came in between: then it counts
    /// twice, so that a limit is never exceeded.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn count(
        &self,
        window: &LimitWindow,
        amount: u32,
        maximum: u32,
        operation: OperationId,
    ) -> Result<Counted, StoreError>;

    /// Undoes the operation `counted`, unless another operation was counted after it: then the
    /// count stays, so that a limit is never exceeded. Repeating the call undoes it once.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn take_back(
        &self,
        window: &LimitWindow,
        amount: u32,
        counted: OperationId,
        operation: OperationId,
    ) -> Result<(), StoreError>;

    /// The counts of the windows, in the order of `windows`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn counted(&self, windows: &[LimitWindow]) -> Result<Vec<u32>, StoreError>;
}

/// A counter: what is counted, and in which window.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LimitWindow {
    /// What is counted: an arbitrary text that identifies it.
    pub key: String,
    /// The start of the window.
    pub starts_at: Timestamp,
    /// The length of the window.
    pub length: SignedDuration,
}

impl LimitWindow {
    /// The window of `length` seconds that contains `now`. Windows start at multiples of their
    /// length since the epoch. A length of 0 is treated as 1.
    pub fn containing(now: Timestamp, seconds: u32, key: String) -> Self {
        let seconds = i64::from(seconds.max(1));
        let starts_at = now.as_second().div_euclid(seconds) * seconds;
        Self {
            key,
            starts_at: Timestamp::from_second(starts_at).unwrap_or(Timestamp::MIN),
            length: SignedDuration::from_secs(seconds),
        }
    }

    /// The end of the window, which is the start of the next.
    pub fn ends_at(&self) -> Timestamp {
        self.starts_at.checked_add(self.length).unwrap_or(Timestamp::MAX)
    }
}

/// The outcome of counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// The amount was counted.
    Within {
        /// The count including this amount.
        used: u32,
    },
    /// Nothing was counted, because the count would exceed the maximum.
    Over {
        /// The start of the next window.
        retry_at: Timestamp,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_follow_each_other_without_a_gap() {
        let at = |second| Timestamp::from_second(second).unwrap();
        for (now, starts_at) in [(0, 0), (59, 0), (60, 60), (61, 60), (-1, -60)] {
            let window = LimitWindow::containing(at(now), 60, String::new());
            assert_eq!((window.starts_at, window.ends_at()), (at(starts_at), at(starts_at + 60)), "{now}");
        }
        let shortest = LimitWindow::containing(at(7), 0, String::new());
        assert_eq!(shortest.ends_at(), at(8));
    }
}
