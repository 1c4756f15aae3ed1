//! The engine of the one-process host: one [`redb`] file, many readers, one writer.
//!
//! - A read is a snapshot of the last commit and is made on the asking task; it takes microseconds.
//! - A write is decided and applied by the one writer thread, inside a transaction that it shares
//!   with every other write that is waiting (group commit). The answer follows the durable commit, so
//!   what was acknowledged survives `kill -9` and power loss, and throughput rises with the number of
//!   clients instead of stopping at one disk flush for each.
//! - A redeemed nonce is decided in memory and written with the next commit, 50 ms later at most. A
//!   crash may lose such rows; therefore a stop that was not clean deletes the secrets of nonces at
//!   the next open, and every nonce handed out before is void.
//!
//! Invariants: a write that is refused has changed nothing, so the others of its group stand; no
//! clock is read, times are arguments; indexes are a pure function of the records that they lead to
//! and move in the same transaction.

mod account;
mod audit;
mod authorization;
mod batch;
mod certificate;
mod change;
mod counts;
mod crl;
mod expiry;
mod external_account;
mod failure;
mod file;
mod incident;
mod issuance;
mod issuer;
mod key;
mod limit;
mod lookup;
mod migration;
mod nonce;
mod order;
mod profile;
mod record;
mod schema;
mod snapshot;
mod table;
mod unfinished;
mod watch;
mod writer;

use std::{
    fmt,
    path::Path,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use tokio::sync::oneshot;

pub use counts::Counts;
pub use file::OpenError;
pub use unfinished::Unfinished;

use batch::Batch;
use change::Change;
use counts::Counters;
use failure::{Closed, Failure, NotCommitted};
use file::File;
use nonce::LiveNonces;
use snapshot::Snapshot;
use writer::{Message, Writer};

use crate::{Retention, Store, StoreError};

/// The engine.
pub struct EmbeddedStore {
    file: Arc<File>,
    counters: Arc<Counters>,
    nonces: Arc<LiveNonces>,
    queue: mpsc::Sender<Message>,
    writer: Option<JoinHandle<()>>,
    retention: Retention,
    was_unclean: bool,
}

/// How the engine works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long records are kept. It counts from the next write of each record.
    pub retention: Retention,
    /// Bytes of memory for pages of the file, beside what the operating system keeps.
    pub cache_size: usize,
}

impl Default for Options {
    /// The default retention and 16 MiB.
    fn default() -> Self {
        Self { retention: Retention::default(), cache_size: 16 << 20 }
    }
}

impl Store for EmbeddedStore {}

impl EmbeddedStore {
    /// Opens the file, makes it when there is none, and takes it for this process alone. After a
    /// crash the file is checked first, which takes some seconds for a million certificates.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(path: impl AsRef<Path>, options: Options) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let file::Opened { file, redeemed, was_unclean } = File::open(path, options.cache_size)?;
        let file = Arc::new(file);
        let counters = Arc::new(Counters::default());
        let nonces = Arc::new(LiveNonces::new(redeemed));
        let (queue, messages) = mpsc::channel();
        let writer = Writer::new(messages, file.clone(), nonces.clone(), counters.clone());
        let writer = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| OpenError::Unusable { path: path.to_owned(), source: Box::new(error.into()) })?;
        let retention = options.retention;
        Ok(Self { file, counters, nonces, queue, writer: Some(writer), retention, was_unclean })
    }

    /// Writes what is still waiting, marks the stop as clean and gives the file back. Everything
    /// asked afterwards is answered with [`StoreError::Unavailable`]. Closing twice is harmless.
    ///
    /// Dropping the store does the same, but blocks and tells of no failure.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the last commit failed.
    pub async fn close(&self) -> Result<(), StoreError> {
        let (answer, closed) = oneshot::channel();
        self.nonces.close();
        if self.queue.send(Message::Close(Some(answer))).is_err() {
            return Ok(());
        }
        closed.await.unwrap_or(Ok(()))
    }

    /// Waits until everything that was asked before is in the file, redeemed nonces too.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the commit failed.
    pub async fn flush(&self) -> Result<(), StoreError> {
        // Every commit takes along the nonces that wait for one.
        self.write(|_| Ok(())).await
    }

    /// Whether the process before this one stopped without closing, so that nonces handed out by it
    /// are void.
    pub fn was_unclean(&self) -> bool {
        self.was_unclean
    }

    /// What has been read and written since the store was opened.
    pub fn counts(&self) -> Counts {
        self.counters.counts()
    }

    fn read<T>(&self, look: impl FnOnce(&Snapshot) -> Result<T, Failure>) -> Result<T, StoreError> {
        let snapshot = Snapshot::new(self.file.begin_read()?, &self.counters);
        Ok(look(&snapshot)?)
    }

    /// Queues a write and waits for its commit. `decide` must refuse before it changes anything.
    async fn write<T: Send + 'static>(
        &self,
        decide: impl FnOnce(&mut Batch<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let request = writer::request(decide, answer);
        self.queue.send(Message::Write(request)).map_err(|_| Closed)?;
        answered.await.map_err(|_| NotCommitted)?
    }

    /// Applies all of the changes, or none when one of them meets a conflict.
    async fn apply(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.write(move |batch| change::apply(batch, changes)).await
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        self.nonces.close();
        // An error means that the writer has gone already, after `close`.
        let _ = self.queue.send(Message::Close(None));
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the writer of the store died");
        }
    }
}

impl fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedStore").field("retention", &self.retention).finish_non_exhaustive()
    }
}
