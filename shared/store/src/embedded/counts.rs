//! What the store was asked for, in records: the unit in which another engine would be paid.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How often what was done since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records that were asked for, found or not. A look-up through the index of keys counts the
    /// index too.
    pub reads: u64,
    /// Records that were put. An account's entry in the index of keys, an order's in the list of the
    /// account, a proof, a revoked certificate and a redeemed nonce are records of their own; rows
    /// that serve expiry and resumption are not.
    pub writes: u64,
    /// Durable commits.
    pub commits: u64,
}

/// The counters behind [`Counts`].
#[derive(Debug, Default)]
pub(super) struct Counters {
    reads: AtomicU64,
    writes: AtomicU64,
    commits: AtomicU64,
}

impl Counters {
    pub(super) fn read(&self, records: usize) {
        self.reads.fetch_add(records as u64, Relaxed);
    }

    pub(super) fn wrote(&self, records: usize) {
        self.writes.fetch_add(records as u64, Relaxed);
    }

    pub(super) fn committed(&self) {
        self.commits.fetch_add(1, Relaxed);
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            reads: self.reads.load(Relaxed),
            writes: self.writes.load(Relaxed),
            commits: self.commits.load(Relaxed),
        }
    }
}
