//! Counters of limits: how often something happened in a window of time.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{OperationId, StoreError};

/// The counters.
#[async_trait]
pub trait LimitStore: Send + Sync {
    /// Counts `amount` more in the window unless that would be more than `maximum`: one conditional write,
    /// also when it is refused. Nothing is counted then.
    ///
    /// The same operation again counts once, unless another came between: then it counts twice, so that a
    /// limit is never exceeded.
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

    /// Takes back what the operation `counted`, unless something was counted after it: then it stays, so
    /// that a limit is never exceeded. The same operation again takes back once.
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

    /// How often it was counted in each of the windows, in their order.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn counted(&self, windows: &[LimitWindow]) -> Result<Vec<u32>, StoreError>;
}

/// What is counted, and in which window.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LimitWindow {
    /// What is counted: any text, the same for the same thing.
    pub key: String,
    /// The begin of the window.
    pub starts_at: Timestamp,
    /// Its length.
    pub length: SignedDuration,
}

impl LimitWindow {
    /// The window of that length, in seconds, in which `now` lies. Windows begin at multiples of their
    /// length; one of no length is taken for one second.
    pub fn containing(now: Timestamp, seconds: u32, key: String) -> Self {
        let seconds = i64::from(seconds.max(1));
        let starts_at = now.as_second().div_euclid(seconds) * seconds;
        Self {
            key,
            starts_at: Timestamp::from_second(starts_at).unwrap_or(Timestamp::MIN),
            length: SignedDuration::from_secs(seconds),
        }
    }

    /// The end of the window: the begin of the next.
    pub fn ends_at(&self) -> Timestamp {
        self.starts_at.checked_add(self.length).unwrap_or(Timestamp::MAX)
    }
}

/// The outcome of counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// It was counted.
    Within {
        /// How often now.
        used: u32,
    },
    /// It was not counted: it would be more than the maximum.
    Over {
        /// When the next window begins.
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
