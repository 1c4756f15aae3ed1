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
    /// How many are redeemed, in all groups.
    count: usize,
    /// Nonces that expire by then are not accepted any more, whether or not they were redeemed:
    /// they had to make room.
    unacceptable_until: Option<Timestamp>,
    unwritten: Vec<RedeemedNonce>,
    /// Whether the writer does not look for rows until it is woken.
    resting: bool,
    closed: bool,
}

impl Live {
    /// Forgets the oldest redeemed nonces, and accepts none that are as old from now on: strangers
    /// redeem as many as they like, and memory is bounded. Clients get `badNonce` with a new one.
    fn make_room(&mut self, most: usize) {
        while self.count > most
            && let Some((expires_at, oldest)) = self.redeemed.pop_first()
        {
            self.count -= oldest.len();
            self.unacceptable_until = self.unacceptable_until.max(Some(expires_at));
        }
    }
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
        let count = redeemed.values().map(HashMap::len).sum();
        let unwritten = Vec::new();
        let mut live = Live { redeemed, count, unacceptable_until: None, unwritten, resting: false, closed: false };
        live.make_room(MAX_REDEEMED);
        Self(Mutex::new(live))
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
        if live.unacceptable_until.is_some_and(|until| expires_at <= until) {
            return Ok((Redemption::AlreadyUsed, false));
        }
        // A nonce always comes with the same expiry, because the time is part of it.
        let redeemed = live.redeemed.entry(expires_at).or_default();
        match redeemed.get(nonce) {
            Some(redeemer) if *redeemer == operation => Ok((Redemption::Redeemed, false)),
            Some(_) => Ok((Redemption::AlreadyUsed, false)),
            None => {
                redeemed.insert(nonce.into(), operation);
                live.unwritten.push(RedeemedNonce { key: key::nonce(expires_at, nonce), operation });
                live.count += 1;
                live.make_room(MAX_REDEEMED);
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
        live.count = live.redeemed.values().map(HashMap::len).sum();
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

/// About 100 MB, and a hundred redemptions a second for as long as a nonce is good.
const MAX_REDEEMED: usize = 400_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_nonces_make_room_and_are_never_redeemed_twice() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let nonces = LiveNonces::new(Vec::new());
        let redeem = |nonce: &str, second, operation| {
            nonces.redeem(nonce, at(second), OperationId::from_random([operation; 16])).ok().unwrap().0
        };
        assert_eq!(redeem("first", 1, 1), Redemption::Redeemed);
        assert_eq!(redeem("second", 2, 2), Redemption::Redeemed);
        nonces.lock().make_room(1);
        let kept = || {
            let live = nonces.lock();
            (live.count, live.redeemed.len())
        };
        assert_eq!(kept(), (1, 1));
        assert_eq!(redeem("first", 1, 3), Redemption::AlreadyUsed, "it is forgotten, and not good again");
        assert_eq!(redeem("third", 1, 4), Redemption::AlreadyUsed, "as old, so not accepted");
        assert_eq!(redeem("third", 2, 5), Redemption::Redeemed);
        nonces.forget(at(3));
        assert_eq!(kept().0, 0);
    }
}
