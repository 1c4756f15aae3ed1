//! The writer thread: takes the queued requests, applies them in one transaction, commits, and
//! answers.

use std::sync::{Arc, mpsc};

use tokio::sync::oneshot;

use super::{
    batch::Batch, counts::Counters, failure::Failure, file::File, key, live_nonces::LiveNonces, reserve::Reserve,
    schema, table,
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
    nonces: Arc<LiveNonces>,
    reserve: Arc<Reserve>,
    counters: Arc<Counters>,
}

/// The requests of one transaction.
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
        Self { queue, file, nonces, reserve, counters }
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

    /// Waits for the first request and takes all others that are already queued. Requests that
    /// arrive during a commit form the next group, so that no request is delayed to fill a group,
    /// and groups grow with the load.
    fn gather(&mut self) -> Group {
        let mut group = Group::default();
        while group.requests.len() < LARGEST_GROUP {
            let message = if group.requests.is_empty() {
                // Without a store there is no sender.
                Some(self.queue.recv().unwrap_or(Message::Close(None)))
            } else {
                self.queue.try_recv().ok()
            };
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

    fn commit(&mut self, mut requests: Vec<Request>, last: bool) -> Result<(), Failure> {
        match self.transact(&mut requests, last) {
            Ok(()) => {
                requests.into_iter().for_each(|request| request.answer());
                Ok(())
            }
            Err(failure) => {
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
        for request in requests {
            request.decide(&mut batch)?;
        }
        // Strangers redeem nonces, which must not use up the reserve: without the mark, they are
        // all invalid at the next start.
        if last && !self.reserve.is_spent() {
            for nonce in self.nonces.rows() {
                batch.set(table::NONCE, &nonce.key, nonce.operation.as_bytes())?;
            }
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
