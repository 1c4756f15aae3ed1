//! The writer thread: takes the queued requests, decides them as a group, commits what they change
//! to the log, and answers. From time to time a thread beside it puts what the log has into the
//! file.

use std::{
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::{
    batch::Batch,
    counts::Counters,
    failure::Failure,
    file::{File, SMALL_SLICE},
    key,
    live_nonces::LiveNonces,
    log::{Log, Mark},
    reserve::Reserve,
    rows::Rows,
    schema, table,
    view::View,
};
use crate::StoreError;

/// A message to the writer.
pub(super) enum Message {
    /// A write to decide and apply.
    Write(Request),
    /// No further message follows. The sender, if any, receives the result of the last commit.
    Close(Option<oneshot::Sender<Result<(), StoreError>>>),
}

/// A queued write. Dropping it reports to the caller that it was not committed.
pub(super) type Request = Box<dyn QueuedWrite + Send>;

/// A write between its caller and the writer thread.
pub(super) trait QueuedWrite {
    /// Decides and applies the write. An error is a failure of the file; a refusal is an answer to
    /// the caller.
    fn decide(&mut self, batch: &mut Batch<'_>) -> Result<(), Failure>;

    /// Sends the decision to the caller, once it is committed.
    fn answer(self: Box<Self>);
}

/// The decision about a write, with the channel for its answer.
struct Undecided<T, F> {
    decide: Option<F>,
    decision: Option<Result<T, StoreError>>,
    asker: oneshot::Sender<Result<T, StoreError>>,
}

/// Combines the decision about a write with the channel for its answer.
pub(super) fn request<T: Send + 'static>(
    decide: impl FnOnce(&mut Batch<'_>) -> Result<T, Failure> + Send + 'static,
    asker: oneshot::Sender<Result<T, StoreError>>,
) -> Request {
    Box::new(Undecided { decide: Some(decide), decision: None, asker })
}

impl<T, F: FnOnce(&mut Batch<'_>) -> Result<T, Failure>> QueuedWrite for Undecided<T, F> {
    fn decide(&mut self, batch: &mut Batch<'_>) -> Result<(), Failure> {
        let Some(decide) = self.decide.take() else { return Ok(()) };
        self.decision = Some(match decide(batch) {
            Ok(value) => Ok(value),
            Err(Failure::Refused(error)) => Err(error),
            Err(failure) => return Err(failure),
        });
        Ok(())
    }

    fn answer(self: Box<Self>) {
        if let Some(decision) = self.decision {
            // The caller may have gone; the write is applied nevertheless.
            drop(self.asker.send(decision));
        }
    }
}

/// The state of the writer thread.
pub(super) struct Writer {
    queue: mpsc::Receiver<Message>,
    file: Arc<File>,
    log: Option<Log>,
    /// When the file is to get what only the log has; `None` when it has everything.
    due: Option<Instant>,
    /// The last record with rows that leave the log for the file.
    leaving: Option<Mark>,
    /// What puts these into the file, until the writer has seen how it ended.
    unloading: Option<Unloading>,
    pace: Pace,
    nonces: Arc<LiveNonces>,
    reserve: Arc<Reserve>,
    counters: Arc<Counters>,
}

/// How long the log alone has a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// For how long at most.
    pub(super) longest: Duration,
    /// Until it has that many.
    pub(super) most: usize,
}

impl Default for Pace {
    /// A second, or a megabyte.
    fn default() -> Self {
        Self { longest: Duration::from_secs(1), most: 4_000 }
    }
}

/// The thread that puts rows into the file.
type Unloading = JoinHandle<Result<(), Failure>>;

/// The requests of one commit.
#[derive(Default)]
struct Group {
    requests: Vec<Request>,
    close: Option<Message>,
}

impl Writer {
    pub(super) fn new(
        queue: mpsc::Receiver<Message>,
        file: Arc<File>,
        log: Option<Log>,
        pace: Pace,
        nonces: Arc<LiveNonces>,
        reserve: Arc<Reserve>,
        counters: Arc<Counters>,
    ) -> Self {
        Self { queue, file, log, due: None, leaving: None, unloading: None, pace, nonces, reserve, counters }
    }

    /// Runs until it receives [`Message::Close`].
    pub(super) fn run(mut self) {
        loop {
            let Group { requests, close } = self.gather();
            let committed = self.commit(requests, close.is_some());
            if let Some(close) = close {
                let settled = self.unloading.take().map_or(Ok(()), ended);
                let closed = committed.and(settled).and_then(|()| self.file.close());
                if let Message::Close(Some(asker)) = close {
                    drop(asker.send(closed.map_err(StoreError::from)));
                }
                return;
            }
            if self.due.is_some_and(|due| due <= Instant::now()) {
                self.unload();
            }
        }
    }

    /// Waits for the first request, or until the file is due for what the log has, and takes all
    /// others that are already queued. Requests that arrive during a commit form the next group, so
    /// that no request is delayed to fill a group, and groups grow with the load.
    fn gather(&mut self) -> Group {
        let mut group = Group::default();
        while group.requests.len() < LARGEST_GROUP {
            let message = if group.requests.is_empty() { self.first() } else { self.queue.try_recv().ok() };
            match message {
                Some(Message::Write(request)) => group.requests.push(request),
                Some(close @ Message::Close(_)) => {
                    group.close = Some(close);
                    break;
                }
                None => break,
            }
        }
        group
    }

    fn first(&self) -> Option<Message> {
        let received = match self.due {
            Some(due) => self.queue.recv_timeout(due.saturating_duration_since(Instant::now())),
            None => self.queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match received {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            // Without a store there is no sender.
            Err(RecvTimeoutError::Disconnected) => Some(Message::Close(None)),
        }
    }

    fn commit(&mut self, mut requests: Vec<Request>, last: bool) -> Result<(), Failure> {
        match self.transact(&mut requests, last) {
            Ok(()) => {
                requests.into_iter().for_each(|request| request.answer());
                Ok(())
            }
            Err(failure) => {
                self.recover(&failure);
                // Only now do the callers learn of the failure: what they do next finds the reserve
                // spent and the file open.
                drop(requests);
                Err(failure)
            }
        }
    }

    /// After a failure of the file or the log: makes room, and opens the file again.
    fn recover(&mut self, failure: &Failure) {
        // It holds the file. If it fails, its rows are still leaving.
        if let Some(Err(failure)) = self.unloading.take().map(ended) {
            tracing::error!(error = %failure, "the file of the store could not get what its log has");
        }
        tracing::error!(error = %failure, "the store could not commit");
        if self.reserve.has_no_room() {
            self.reserve.spend();
        }
        if let Err(failure) = self.file.reopen() {
            tracing::error!(error = %failure, "the store could not be opened again");
        }
    }

    /// One commit for all requests. A refused request has changed nothing; after a failure, none of
    /// them has.
    fn transact(&mut self, requests: &mut [Request], last: bool) -> Result<(), Failure> {
        let mut batch = Batch::new(View::of(&self.file));
        for request in requests {
            request.decide(&mut batch)?;
        }
        // Strangers redeem nonces, which must not use up the reserve: without the mark, they are
        // all invalid at the next start.
        let closes = last && !self.reserve.is_spent();
        if closes {
            for nonce in self.nonces.rows() {
                batch.set(table::NONCE, &nonce.key, nonce.operation.as_bytes());
            }
            batch.set(table::META, key::RUNNING, schema::closed_mark().as_bytes());
            batch.set(table::META, key::SCHEMA, schema::number(false).as_bytes());
            batch.remove(table::META, key::LOG);
        }
        let (puts, changes) = (batch.puts(), batch.into_changes());
        if changes.is_empty() {
            return Ok(());
        }
        if closes {
            self.empty_log()?;
            self.file.put(&changes, None)?;
        } else if !self.append(&changes)? {
            self.put(&changes)?;
        } else {
            self.file.add_logged(changes);
            self.pace();
        }
        self.counters.committed();
        self.counters.wrote(puts);
        Ok(())
    }

    /// Commits changes to the log; `false` when it has no room for them.
    fn append(&mut self, changes: &Rows) -> Result<bool, Failure> {
        let Some(log) = &mut self.log else { return Ok(false) };
        Ok(log.append(&changes.encoded()).map_err(redb::StorageError::Io)?)
    }

    /// Commits what the log has to the file, and then further changes.
    fn put(&mut self, further: &Rows) -> Result<(), Failure> {
        self.empty_log()?;
        self.file.put(further, self.log.as_ref().map(Log::last))?;
        if let Some(log) = &mut self.log {
            log.begin_again();
        }
        self.due = None;
        Ok(())
    }

    /// Decides when the file gets the rows that the log has.
    fn pace(&mut self) {
        let now = Instant::now();
        let due = self.due.get_or_insert(now + self.pace.longest);
        let is_free = self.unloading.as_ref().is_none_or(JoinHandle::is_finished);
        if is_free && self.file.logged().fresh.len() >= self.pace.most {
            *due = now;
        }
    }

    /// Begins to put what the log has into the file, unless that is going on. Where it fails,
    /// nothing is lost: the log still has it, and it is tried again.
    fn unload(&mut self) {
        let now = Instant::now();
        if self.unloading.as_ref().is_some_and(|running| !running.is_finished()) {
            self.due = Some(now + self.pace.longest);
            return;
        }
        if let Err(failure) = self.settle() {
            self.recover(&failure);
            self.due = Some(now + RETRY);
            return;
        }
        let Some(last) = self.turn() else {
            self.due = None;
            return;
        };
        let file = self.file.clone();
        self.due = Some(now + self.pace.longest);
        let unloading = thread::Builder::new().name("store-unload".to_owned());
        match unloading.spawn(move || file.put_leaving(last, usize::MAX)) {
            Ok(unloading) => self.unloading = Some(unloading),
            Err(error) => tracing::warn!(%error, "no thread puts the log of the store into its file: the writer will"),
        }
    }

    /// Waits until the file has what is leaving the log, and tries once more what failed.
    fn settle(&mut self) -> Result<(), Failure> {
        let Some(last) = self.leaving else { return Ok(()) };
        let unloaded = match self.unloading.take() {
            Some(unloading) => ended(unloading),
            None => self.file.put_leaving(last, usize::MAX),
        };
        if let Err(failure) = unloaded {
            self.recover(&failure);
            // Small commits need less room than a large one.
            self.file.put_leaving(last, SMALL_SLICE)?;
        }
        self.leaving = None;
        Ok(())
    }

    /// Continues in the other half of the log, and returns the last record of the half whose rows
    /// are to leave it; `None` when it has no rows. The file must have those of the other half.
    fn turn(&mut self) -> Option<Mark> {
        let log = self.log.as_mut().filter(|_| !self.file.logged().fresh.is_empty())?;
        self.file.turn();
        log.turn();
        self.leaving = Some(log.last());
        self.leaving
    }

    /// Returns when the file has everything.
    fn empty_log(&mut self) -> Result<(), Failure> {
        self.settle()?;
        self.turn();
        self.settle()
    }
}

/// Waits for the end of the thread. A panic of it is one of the writer.
fn ended(unloading: Unloading) -> Result<(), Failure> {
    unloading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Bounds how long the first of a group waits for the others to be applied.
const LARGEST_GROUP: usize = 512;
/// Until the file is tried again after it failed.
const RETRY: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;

    use super::*;
    use crate::embedded::{EmbeddedStore, EngineOptions};

    fn open() -> (Arc<EmbeddedStore>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let store = EmbeddedStore::open(folder.path().join("store.redb"), EngineOptions::default()).unwrap();
        (Arc::new(store), folder)
    }

    async fn put(store: &EmbeddedStore, key: String) -> Result<(), StoreError> {
        store
            .write(move |batch| {
                batch.put(table::BLOCKED_KEY, &key, b"");
                Ok(())
            })
            .await
    }

    fn is_there(store: &EmbeddedStore, key: &str) -> bool {
        store.read(|snapshot| snapshot.row(table::BLOCKED_KEY, key, |_| Ok(()))).unwrap().is_some()
    }

    #[tokio::test]
    async fn a_refusal_leaves_the_rest_of_its_group_alone() {
        let (store, _folder) = open();
        let writes: JoinSet<_> = (0..100)
            .map(|number| {
                let store = store.clone();
                async move {
                    let refused = store.write::<()>(|_| Err(StoreError::Conflict.into()));
                    let (put, refused) = tokio::join!(put(&store, number.to_string()), refused);
                    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
                    put.unwrap();
                }
            })
            .collect();
        writes.join_all().await;
        assert!((0..100).all(|number| is_there(&store, &number.to_string())));
        assert!(store.counts().commits < 100, "they shared transactions");
    }

    #[tokio::test]
    async fn writes_that_wait_share_a_commit() {
        let (store, _folder) = open();
        let (open_gate, gate) = mpsc::channel();
        let first = store.write(move |_| {
            let open: () = gate.recv().unwrap();
            Ok(open)
        });
        let others = async {
            let writes: JoinSet<_> = (0..200)
                .map(|number| {
                    let store = store.clone();
                    async move { put(&store, number.to_string()).await.unwrap() }
                })
                .collect();
            // All of them wait in the queue before this task goes on.
            for _ in 0..1_000 {
                tokio::task::yield_now().await;
            }
            open_gate.send(()).unwrap();
            writes.join_all().await;
        };
        let (first, _) = tokio::join!(first, others);
        first.unwrap();
        let counts = store.counts();
        // The group of the first may have some of them already.
        assert!(counts.writes == 200 && counts.commits <= 2, "{counts:?}");
    }

    #[tokio::test]
    async fn the_file_gets_what_the_log_has_and_the_log_begins_again() {
        let (store, _folder) = open();
        put(&store, "soon".to_owned()).await.unwrap();
        assert_eq!(store.file.logged().fresh.len(), 1);
        let begun = Instant::now();
        while !(store.file.logged().fresh.is_empty() && store.file.logged().leaving.is_empty()) {
            assert!(begun.elapsed() < Duration::from_secs(60), "only the log has it");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(is_there(&store, "soon"));
        let most = Pace::default().most;
        let many = store.write(move |batch| {
            (0..most).for_each(|number| batch.put(table::BLOCKED_KEY, &number.to_string(), b""));
            Ok(())
        });
        many.await.unwrap();
        put(&store, "at once".to_owned()).await.unwrap();
        assert!(store.file.logged().fresh.len() < most, "it did not wait for the time");
        assert!(is_there(&store, "0") && is_there(&store, "at once"));
    }

    #[tokio::test]
    async fn a_write_that_is_larger_than_the_log_is_committed_to_the_file() {
        let (store, _folder) = open();
        put(&store, "before".to_owned()).await.unwrap();
        let large = vec![7; 5 << 20];
        let written = large.clone();
        let write = store.write(move |batch| {
            batch.put(table::META, "large", &written);
            Ok(())
        });
        write.await.unwrap();
        assert!(store.file.logged().fresh.is_empty(), "the file has what came before it, too");
        let row = store.read(|snapshot| snapshot.row(table::META, "large", |row| Ok(row.to_vec())));
        assert!(row.unwrap() == Some(large) && is_there(&store, "before"));
    }

    #[tokio::test]
    async fn a_failure_of_the_file_is_reported_and_leaves_nothing_behind() {
        let (store, _folder) = open();
        let failed = store.write::<()>(|batch| {
            batch.put(table::BLOCKED_KEY, "half", b"");
            Err(redb::StorageError::PreviousIo.into())
        });
        let failed = failed.await;
        assert!(matches!(failed, Err(StoreError::Unavailable(_))), "{failed:?}");
        assert!(!is_there(&store, "half"));
        put(&store, "next".to_owned()).await.unwrap();
        assert!(is_there(&store, "next"), "the writer goes on");
    }

    #[tokio::test]
    async fn what_changes_nothing_is_not_committed() {
        let (store, _folder) = open();
        store.write(|_| Ok(())).await.unwrap();
        assert_eq!(store.counts().commits, 0);
    }
}
