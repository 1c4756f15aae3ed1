//! The redeemed nonces.
//!
//! All that can still be presented are in memory, and only there, until the store is closed. Then
//! the file gets them, for the next start. A process that is killed loses them, so the start after
//! it makes every earlier nonce invalid.

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
        let mut live = Live { redeemed, count, unacceptable_until: None, closed: false };
        live.make_room(MAX_REDEEMED);
        Self(Mutex::new(live))
    }

    /// Decides about a redemption.
    pub(super) fn redeem(
        &self,
        nonce: &str,
        expires_at: Timestamp,
        operation: OperationId,
    ) -> Result<Redemption, Closed> {
        let mut live = self.lock();
        if live.closed {
            return Err(Closed);
        }
        if live.unacceptable_until.is_some_and(|until| expires_at <= until) {
            return Ok(Redemption::AlreadyUsed);
        }
        // A nonce always comes with the same expiry, because the time is part of it.
        let redeemed = live.redeemed.entry(expires_at).or_default();
        match redeemed.get(nonce) {
            Some(redeemer) if *redeemer == operation => Ok(Redemption::Redeemed),
            Some(_) => Ok(Redemption::AlreadyUsed),
            None => {
                redeemed.insert(nonce.into(), operation);
                live.count += 1;
                live.make_room(MAX_REDEEMED);
                Ok(Redemption::Redeemed)
            }
        }
    }

    /// The rows of all redeemed nonces, in the order of their keys.
    pub(super) fn rows(&self) -> Vec<RedeemedNonce> {
        let live = self.lock();
        let nonces = live.redeemed.iter().flat_map(|(&at, group)| group.iter().map(move |nonce| (at, nonce)));
        let mut rows: Vec<_> = nonces
            .map(|(expires_at, (nonce, &operation))| RedeemedNonce { key: key::nonce(expires_at, nonce), operation })
            .collect();
        rows.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        rows
    }

    /// Removes the nonces that can no longer be presented.
    pub(super) fn forget(&self, now: Timestamp) {
        let mut live = self.lock();
        live.redeemed = live.redeemed.split_off(&now);
        live.redeemed.remove(&now);
        live.count = live.redeemed.values().map(HashMap::len).sum();
    }

    /// Refuses redemptions from now on, because those after [`rows`](Self::rows) would be lost.
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
            nonces.redeem(nonce, at(second), OperationId::from_random([operation; 16])).ok().unwrap()
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
