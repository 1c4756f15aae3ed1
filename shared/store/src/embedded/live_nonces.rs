//! The redeemed nonces in memory.
//!
//! Whether a nonce is redeemed is decided in memory; its row follows with the next commit. Every
//! redeemed nonce that can still be presented is in memory, so the rows serve the next start only.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use super::{failure::Closed, key};
use crate::{OperationId, Redemption};

/// The redeemed nonces that can still be presented.
pub(super) struct LiveNonces(Mutex<Live>);

struct Live {
    /// Grouped by their expiry, so that deleting expired nonces is cheap.
    redeemed: BTreeMap<Timestamp, HashMap<Box<str>, OperationId>>,
    unwritten: Vec<RedeemedNonce>,
    /// Whether the writer does not look for rows until it is woken.
    resting: bool,
    closed: bool,
}

/// The row of a redeemed nonce.
pub(super) struct RedeemedNonce {
    /// The key of the row.
    pub(super) key: String,
    /// The operation that redeemed it.
    pub(super) operation: OperationId,
}

impl LiveNonces {
    /// The nonces that were in the file when it was opened.
    pub(super) fn new(rows: Vec<RedeemedNonce>) -> Self {
        let mut redeemed: BTreeMap<Timestamp, HashMap<Box<str>, OperationId>> = BTreeMap::new();
        for row in &rows {
            if let Some((expires_at, nonce)) = key::nonce_of(&row.key) {
                redeemed.entry(expires_at).or_default().insert(nonce.into(), row.operation);
            }
        }
        Self(Mutex::new(Live { redeemed, unwritten: Vec::new(), resting: false, closed: false }))
    }

    /// Decides about a redemption. The second value is whether the writer has to be woken for the
    /// row.
    pub(super) fn redeem(
        &self,
        nonce: &str,
        expires_at: Timestamp,
        operation: OperationId,
    ) -> Result<(Redemption, bool), Closed> {
        let mut live = self.lock();
        if live.closed {
            return Err(Closed);
        }
        // A nonce always comes with the same expiry, because the time is part of it.
        let redeemed = live.redeemed.entry(expires_at).or_default();
        match redeemed.get(nonce) {
            Some(redeemer) if *redeemer == operation => Ok((Redemption::Redeemed, false)),
            Some(_) => Ok((Redemption::AlreadyUsed, false)),
            None => {
                redeemed.insert(nonce.into(), operation);
                live.unwritten.push(RedeemedNonce { key: key::nonce(expires_at, nonce), operation });
                Ok((Redemption::Redeemed, std::mem::take(&mut live.resting)))
            }
        }
    }

    /// The rows that have not been committed yet.
    pub(super) fn take_unwritten(&self) -> Vec<RedeemedNonce> {
        std::mem::take(&mut self.lock().unwritten)
    }

    /// Lets the writer rest if no row is waiting; the next redemption wakes it.
    pub(super) fn rest(&self) -> bool {
        let mut live = self.lock();
        live.resting = live.unwritten.is_empty();
        live.resting
    }

    /// Removes the nonces that can no longer be presented.
    pub(super) fn forget(&self, now: Timestamp) {
        let mut live = self.lock();
        live.redeemed = live.redeemed.split_off(&now);
        live.redeemed.remove(&now);
    }

    /// Refuses redemptions from now on, because a clean stop would lose a redemption after the last
    /// commit.
    pub(super) fn close(&self) {
        self.lock().closed = true;
    }

    fn lock(&self) -> MutexGuard<'_, Live> {
        // No code that holds the lock can panic with the set half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
