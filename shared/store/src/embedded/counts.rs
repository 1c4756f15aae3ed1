//! The reads and writes of the store, in records: the unit that a hosted database bills.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The numbers of reads, writes and commits since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records that were read, whether or not they exist. A look-up through the index of keys
    /// counts the index entry too.
    pub reads: u64,
    /// Records that were put. An account's entry in the index of keys, an order's entry in the list
    /// of the account, a proof, a revoked certificate and a redeemed nonce each count as a record,
    /// although nonces are put when the store is closed; rows for expiry and resumption do not.
    pub writes: u64,
    /// The number of durable commits.
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
