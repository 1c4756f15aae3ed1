//! A clock that is set by a test.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use authority::{Clock, SystemClock};
use jiff::{SignedDuration, Timestamp};

/// The clock of a CA, at first that of the system. Clients have no other than that, so what they
/// see must be valid by it: a CA that is to get older begins in the past.
#[derive(Clone, Debug, Default)]
pub(crate) struct TestClock(Arc<AtomicI64>);

impl TestClock {
    /// One that is slow by that time.
    pub(crate) fn slow(by: SignedDuration) -> Self {
        Self(Arc::new(AtomicI64::new(-by.as_secs())))
    }

    pub(crate) fn put_forward(&self, by: SignedDuration) {
        self.0.fetch_add(by.as_secs(), Ordering::SeqCst);
    }

    /// As hosts take it.
    pub(crate) fn shared(&self) -> Arc<dyn Clock> {
        Arc::new(self.clone())
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + SignedDuration::from_secs(self.0.load(Ordering::SeqCst))
    }
}
