//! The writer thread: takes the queued requests, applies them in one transaction, commits, and
//! answers.

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use tokio::sync::oneshot;

use super::{
    batch::Batch,
    counts::Counters,
    failure::Failure,
    file::File,
    key,
    live_nonces::{LiveNonces, RedeemedNonce},
    reserve::Reserve,
    schema, table,
};
use crate::StoreError;

/// A message to the writer.
pub(super) enum Message {
    /// A write to decide and apply.
    Write(Request),
    /// A nonce was redeemed while the writer was resting.
    NoncesWait,
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
    nonces: Arc<LiveNonces>,
    reserve: Arc<Reserve>,
    counters: Arc<Counters>,
    /// Redeemed nonces that have not been committed yet.
    unwritten: Vec<RedeemedNonce>,
    /// Whether redeemed nonces are in memory alone, so that the next start must make all nonces
    /// invalid.
    forgot_nonces: bool,
}

/// The requests and nonces of one transaction.
#[derive(Default)]
struct Group {
    requests: Vec<Request>,
    close: Option<Message>,
}

impl Writer {
    pub(super) fn new(
        queue: mpsc::Receiver<Message>,
        file: Arc<File>,
        nonces: Arc<LiveNonces>,
        reserve: Arc<Reserve>,
        counters: Arc<Counters>,
    ) -> Self {
        Self { queue, file, nonces, reserve, counters, unwritten: Vec::new(), forgot_nonces: false }
    }

    /// Runs until it receives [`Message::Close`].
    pub(super) fn run(mut self) {
        loop {
            let Group { requests, close } = self.gather();
            let committed = self.commit(requests, close.is_some());
            if let Some(close) = close {
                let closed = committed.and_then(|()| self.file.close());
                if let Message::Close(Some(asker)) = close {
                    drop(asker.send(closed.map_err(StoreError::from)));
                }
                return;
            }
        }
    }

    /// Waits for the first request, or until nonces are due, and takes all other requests that are
    /// already queued. Requests that arrive during a commit form the next group, so that no request
    /// is delayed to fill a group, and groups grow with the load.
    fn gather(&mut self) -> Group {
        let mut group = Group::default();
        while group.requests.len() < LARGEST_GROUP {
            let message = if group.requests.is_empty() { self.wait() } else { self.queue.try_recv().ok() };
            match message {
                Some(Message::Write(request)) => group.requests.push(request),
                Some(Message::NoncesWait) => {}
                Some(close @ Message::Close(_)) => {
                    group.close = Some(close);
                    break;
                }
                None => break,
            }
        }
        group
    }

    /// The next message; `None` when nonces have waited long enough. While requests follow each
    /// other, nonces are committed with them, and no message is needed to wake the writer for a
    /// nonce.
    fn wait(&self) -> Option<Message> {
        let closed = || Message::Close(None);
        match self.queue.recv_timeout(NONCES_WAIT) {
            Ok(message) => Some(message),
            Err(mpsc::RecvTimeoutError::Disconnected) => Some(closed()),
            Err(mpsc::RecvTimeoutError::Timeout) if self.nonces.rest() => {
                Some(self.queue.recv().unwrap_or_else(|_| closed()))
            }
            Err(mpsc::RecvTimeoutError::Timeout) => None,
        }
    }

    fn commit(&mut self, mut requests: Vec<Request>, last: bool) -> Result<(), Failure> {
        self.unwritten.extend(self.nonces.take_unwritten());
        if self.reserve.is_spent() && !self.unwritten.is_empty() {
            // Strangers make these rows; they must not use up the reserve.
            self.unwritten.clear();
            self.forgot_nonces = true;
        }
        match self.transact(&mut requests, last) {
            Ok(()) => {
                self.unwritten.clear();
                requests.into_iter().for_each(|request| request.answer());
                Ok(())
            }
            Err(failure) => {
                // The nonces are part of the next commit.
                tracing::error!(error = %failure, "the store could not commit");
                if self.reserve.has_no_room() {
                    self.reserve.spend();
                }
                if let Err(failure) = self.file.reopen() {
                    tracing::error!(error = %failure, "the store could not be opened again");
                }
                // Only now do the callers learn of the failure: what they do next finds the reserve
                // spent and the file open.
                drop(requests);
                Err(failure)
            }
        }
    }

    /// One transaction for all requests. A refused request has changed nothing; a failure of the
    /// file aborts the whole transaction.
    fn transact(&self, requests: &mut [Request], last: bool) -> Result<(), Failure> {
        let transaction = self.file.begin_write()?;
        let mut batch = Batch::new(&transaction);
        for nonce in &self.unwritten {
            batch.put(table::NONCE, &nonce.key, nonce.operation.as_bytes())?;
        }
        for request in requests {
            request.decide(&mut batch)?;
        }
        if last && !self.forgot_nonces {
            batch.set(table::META, key::RUNNING, schema::closed_mark().as_bytes())?;
        }
        let (puts, is_changed) = (batch.puts(), batch.is_changed());
        drop(batch);
        if is_changed {
            transaction.commit()?;
            self.counters.committed();
            self.counters.wrote(puts);
        } else {
            transaction.abort()?;
        }
        Ok(())
    }
}

/// How long redeemed nonces wait for the commit of another write.
const NONCES_WAIT: Duration = Duration::from_millis(50);

/// Bounds how long the first of a group waits for the others to be applied.
const LARGEST_GROUP: usize = 512;

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
        store.write(move |batch| batch.put(table::BLOCKED_KEY, &key, b"")).await
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
    async fn a_failure_of_the_file_is_reported_and_leaves_nothing_behind() {
        let (store, _folder) = open();
        let failed = store.write::<()>(|batch| {
            batch.put(table::BLOCKED_KEY, "half", b"")?;
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
