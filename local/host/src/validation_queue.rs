//! The validations of this process: those that wait, by account, and those under way.
//!
//! What is lost here is queued again by a read of the challenge when its lease has ended.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use acme::AccountId;
use authority::{OnceAMinute, ValidationTask};
use tokio::{sync::Notify, task::JoinSet, time};
use validate::Shares;

/// Both ends of the queue. Each task is in it once, from its arrival to its end.
#[derive(Clone)]
pub(crate) struct ValidationQueue(Arc<Queue>);

struct Queue {
    state: Mutex<State>,
    news: Notify,
    displaced: OnceAMinute,
}

struct State {
    shares: Shares<AccountId, ValidationTask>,
    /// The tasks that wait or are under way.
    known: HashMap<ValidationTask, Known>,
}

/// What others have to do with a task.
#[derive(Clone, Default)]
struct Known {
    /// Tells it to hurry: there was a second request for it.
    hurry: Arc<Notify>,
    /// Tells others that it is over.
    over: Arc<Notify>,
}

impl ValidationQueue {
    pub(crate) fn new() -> Self {
        Self::with_bounds(MOST_UNDER_WAY, MOST_OF_AN_ACCOUNT, MOST_WAITING)
    }

    fn with_bounds(under_way: usize, of_an_account: usize, waiting: usize) -> Self {
        let state = State { shares: Shares::new(under_way, of_an_account, waiting), known: HashMap::new() };
        Self(Arc::new(Queue { state: Mutex::new(state), news: Notify::new(), displaced: OnceAMinute::new() }))
    }

    /// Adds a task; one that is here already is to hurry.
    pub(crate) fn add(&self, task: ValidationTask) {
        let mut state = self.lock();
        if let Some(known) = state.known.get(&task) {
            known.hurry.notify_waiters();
            return;
        }
        state.known.insert(task, Known::default());
        if let Some(displaced) = state.shares.add(task.account, task) {
            state.known.remove(&displaced);
            drop(state);
            if let Some(times) = self.0.displaced.happened() {
                let account = displaced.account;
                tracing::warn!(%account, times, "too many validations wait: those of the account with most are put off");
            }
        }
        self.0.news.notify_one();
    }

    /// Waits until a task is over, for this long at most; whether it is.
    pub(crate) async fn wait(&self, task: &ValidationTask, patience: Duration) -> bool {
        // Heard from here on, under the lock, so that no end is missed.
        let over = self.lock().known.get(task).map(|known| known.over.clone().notified_owned());
        match over {
            None => true,
            Some(over) => time::timeout(patience, over).await.is_ok(),
        }
    }

    /// Works on the tasks for ever. Dropping the future stops all work at once.
    pub(crate) async fn work<F, Fut>(self, work: F)
    where
        F: Fn(ValidationTask, Arc<Notify>) -> Fut,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let mut workers = JoinSet::new();
        loop {
            while let Some(under_way) = self.next() {
                let work = work(under_way.task, under_way.hurry.clone());
                workers.spawn(async move {
                    let _until_the_end = under_way;
                    work.await;
                });
            }
            tokio::select! {
                () = self.0.news.notified() => {}
                Some(_) = workers.join_next() => {}
            }
        }
    }

    fn next(&self) -> Option<UnderWay> {
        let mut state = self.lock();
        let (_, task) = state.shares.begin_next()?;
        let hurry = state.known.entry(task).or_default().hurry.clone();
        Some(UnderWay { task, hurry, queue: self.clone() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task that is worked on, until this is dropped, however it ends.
struct UnderWay {
    task: ValidationTask,
    hurry: Arc<Notify>,
    queue: ValidationQueue,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if thread::panicking() {
            tracing::error!(task = ?self.task, "a validation panicked; it begins again when its lease has ended");
        }
        let mut state = self.queue.lock();
        if let Some(known) = state.known.remove(&self.task) {
            known.over.notify_waiters();
        }
        state.shares.done(self.task.account);
    }
}

/// Validations under way, most of which wait for their next attempt; and those of one account.
const MOST_UNDER_WAY: usize = 2048;
const MOST_OF_AN_ACCOUNT: usize = 32;
/// Some ten megabytes.
const MOST_WAITING: usize = 65_536;

#[cfg(test)]
mod tests {
    use std::{future, time::Duration};

    use acme::ChallengeType;
    use tokio::{sync::mpsc, time};

    use super::*;

    fn task(account: u8, number: usize) -> ValidationTask {
        ValidationTask {
            account: format!("0000000000000{account}000000000000").parse().unwrap(),
            authorization: format!("{number:018}00000000").parse().unwrap(),
            challenge: ChallengeType::Http01,
        }
    }

    /// Works on tasks with this function; the tasks that were begun come out in their order.
    fn working<Fut>(
        queue: &ValidationQueue,
        work: impl Fn(ValidationTask) -> Fut + Send + 'static,
    ) -> (mpsc::UnboundedReceiver<ValidationTask>, JoinSet<()>)
    where
        Fut: Future<Output = ()> + Send + 'static,
    {
        let (begun, came) = mpsc::unbounded_channel();
        let mut worker = JoinSet::new();
        worker.spawn(queue.clone().work(move |task, _| {
            begun.send(task).unwrap();
            work(task)
        }));
        (came, worker)
    }

    async fn next(came: &mut mpsc::UnboundedReceiver<ValidationTask>) -> ValidationTask {
        time::timeout(Duration::from_secs(10), came.recv()).await.expect("it is begun").unwrap()
    }

    #[tokio::test]
    async fn sl3_validations_that_hang_do_not_delay_those_of_another_account() {
        let queue = ValidationQueue::with_bounds(8, 8, 1000);
        (0..40).for_each(|number| queue.add(task(1, number)));
        (0..40).for_each(|number| queue.add(task(2, number)));
        queue.add(task(3, 0));
        let (mut came, _worker) = working(&queue, |_| future::pending());
        let mut begun = Vec::new();
        while begun.last() != Some(&task(3, 0)) {
            begun.push(next(&mut came).await);
        }
        assert!(begun.len() <= 3, "its turn comes after one of each: {begun:?}");
    }

    #[tokio::test]
    async fn a_validation_that_panics_frees_its_place_and_can_be_queued_again() {
        let queue = ValidationQueue::with_bounds(2, 8, 1000);
        let (mut came, _worker) = working(&queue, |_| async { panic!("planted") });
        for _ in 0..3 {
            queue.add(task(1, 0));
            assert_eq!(next(&mut came).await, task(1, 0));
            queue.add(task(1, 1));
            assert_eq!(next(&mut came).await, task(1, 1));
        }
    }

    #[tokio::test]
    async fn the_end_of_a_task_is_waited_for_and_no_longer_than_asked() {
        let queue = ValidationQueue::with_bounds(2, 8, 1000);
        let gate = Arc::new(Notify::new());
        let open = gate.clone();
        let (mut came, _worker) = working(&queue, move |_| {
            let gate = gate.clone();
            async move { gate.notified().await }
        });
        assert!(queue.wait(&task(1, 0), Duration::ZERO).await, "what is not here is over");
        queue.add(task(1, 0));
        next(&mut came).await;
        assert!(!queue.wait(&task(1, 0), Duration::from_millis(1)).await);
        let ended = tokio::spawn({
            let queue = queue.clone();
            async move { queue.wait(&task(1, 0), Duration::from_secs(10)).await }
        });
        open.notify_one();
        assert!(ended.await.unwrap());
    }

    #[test]
    fn a_task_is_in_the_queue_once() {
        let queue = ValidationQueue::with_bounds(0, 8, 1000);
        (0..3).for_each(|_| queue.add(task(1, 0)));
        let state = queue.lock();
        assert_eq!((state.known.len(), format!("{:?}", state.shares).matches("Http01").count()), (1, 1));
    }

    #[test]
    fn what_waits_is_bounded_and_what_is_put_off_can_come_again() {
        let queue = ValidationQueue::with_bounds(0, 8, 3);
        (0..9).for_each(|number| queue.add(task(1, number)));
        queue.add(task(2, 0));
        let known = |number| queue.lock().known.contains_key(&number);
        assert_eq!(queue.lock().known.len(), 3);
        assert!(known(task(2, 0)) && known(task(1, 0)) && !known(task(1, 8)));
    }
}
