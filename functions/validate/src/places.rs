//! The places for probes, shared by the accounts that they are for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use acme::AccountId;
use tokio::sync::oneshot;

use crate::Shares;

/// The places for the probes that run at once in this process. When they run short, no account has
/// more than its share.
#[derive(Clone, Debug)]
pub struct Places(Arc<Mutex<Shares<AccountId, oneshot::Sender<()>>>>);

/// A place, given back on drop.
#[derive(Debug)]
pub struct Place {
    account: AccountId,
    places: Places,
}

impl Places {
    /// That many places.
    pub fn new(number: usize) -> Self {
        Self(Arc::new(Mutex::new(Shares::new(number, number, usize::MAX))))
    }

    /// Waits for a place.
    pub async fn take(&self, account: AccountId) -> Place {
        let (sender, given) = oneshot::channel();
        // Nothing is displaced without a bound; the queue in front of the places has one.
        drop(self.lock().add(account, sender));
        let mut waiting = Waiting { account, places: self.clone(), given };
        self.give();
        // The sender is kept until it has sent.
        drop((&mut waiting.given).await);
        Place { account, places: self.clone() }
    }

    /// Gives free places to those who wait.
    fn give(&self) {
        let mut shares = self.lock();
        while let Some((account, sender)) = shares.begin_next() {
            if sender.send(()).is_err() {
                // It does not wait any more.
                shares.done(account);
            }
        }
    }

    fn give_back(&self, account: AccountId) {
        self.lock().done(account);
        self.give();
    }

    fn lock(&self) -> MutexGuard<'_, Shares<AccountId, oneshot::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.give_back(self.account);
    }
}

/// One that waits. A place that is given at the moment at which it stops waiting goes back.
struct Waiting {
    account: AccountId,
    places: Places,
    given: oneshot::Receiver<()>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.given.close();
        if self.given.try_recv().is_ok() {
            self.places.give_back(self.account);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::task;

    use super::*;

    fn account(number: u8) -> AccountId {
        format!("0000000000000{number}000000000000").parse().unwrap()
    }

    #[tokio::test]
    async fn sl3_hanging_probes_of_an_account_do_not_delay_those_of_another() {
        let places = Places::new(8);
        let mut hanging = task::JoinSet::new();
        for _ in 0..40 {
            for number in 0..3 {
                let places = places.clone();
                hanging.spawn(async move {
                    let _place = places.take(account(number)).await;
                    std::future::pending::<()>().await;
                });
            }
        }
        for _ in 0..1000 {
            task::yield_now().await;
        }
        // In order of arrival it would wait for all of them.
        let mut other = std::pin::pin!(places.take(account(9)));
        assert!(std::future::poll_fn(|context| std::task::Poll::Ready(other.as_mut().poll(context).is_ready())).await);
    }

    #[tokio::test]
    async fn a_place_is_lost_by_no_one_who_stops_waiting() {
        let places = Places::new(2);
        let first = places.take(account(1)).await;
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let places = places.clone();
                task::spawn(async move { drop(places.take(account(1)).await) })
            })
            .collect();
        task::yield_now().await;
        waiting.iter().for_each(task::JoinHandle::abort);
        // The place is given to one of them before it knows that it is aborted.
        drop(first);
        for one in waiting {
            drop(one.await);
        }
        let again = places.take(account(1)).await;
        drop(again);
        assert_eq!(places.lock().begin_next().map(|(account, _)| account), None);
        let _both = (places.take(account(1)).await, places.take(account(2)).await);
    }
}
