//! The engine of the one-process host: one [`redb`] file with a log before it, many readers, one
//! writer.
//!
//! - A read sees the last commit and runs on the calling task; it takes microseconds.
//! - A write is decided by a single writer thread, in a group with all other waiting writes (group
//!   commit). It is acknowledged when the record of its group in the log is durable, so that it
//!   survives `kill -9` and power loss, and throughput rises with the number of clients instead of
//!   stopping at one disk flush for each.
//! - The rows of the log are in memory, where readers find them, until the file gets them in one
//!   transaction: after a second at the latest. A start after a crash puts what only the log has
//!   into the file.
//! - Redeemed nonces are in memory, and are written when the store is closed. A crash loses them.
//!   Therefore the next open after an unclean stop deletes the nonce secrets, which makes every
//!   earlier nonce invalid.
//!
//! Invariants: a refused write has changed nothing, so the other writes of its group stand; the
//! engine never reads a clock, times are arguments; indexes are a pure function of the records that
//! they refer to and change in the same transaction.

mod account;
mod audit;
mod authorization;
mod batch;
mod certificate;
mod change;
mod counts;
mod crl;
mod disk;
mod expiry;
mod external_account;
mod failure;
mod file;
mod grant;
mod incident;
mod issuance;
mod issuer;
mod key;
mod limit;
mod live_nonces;
mod log;
mod lookup;
mod migration;
mod nonce;
mod order;
#[cfg(test)]
mod power;
mod profile;
mod purge;
mod record;
mod reserve;
mod rows;
mod schema;
mod seal;
mod snapshot;
mod table;
mod unfinished;
mod view;
mod watch;
mod writer;

use std::{
    fmt,
    path::Path,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use tokio::sync::{oneshot, watch as watched};

pub use counts::Counts;
pub use file::OpenError;
pub use unfinished::Unfinished;

use batch::Batch;
use change::Change;
use counts::Counters;
use disk::{Disk, Files};
use failure::{Closed, Failure, NotCommitted};
use file::{File, SMALL_SLICE};
use live_nonces::LiveNonces;
use reserve::Reserve;
use snapshot::Snapshot;
use view::View;
use writer::{Message, Pace, Writer};

use crate::{Retention, Store, StoreError};

/// A store in one file, for one process.
pub struct EmbeddedStore {
    file: Arc<File>,
    counters: Arc<Counters>,
    nonces: Arc<LiveNonces>,
    reserve: Arc<Reserve>,
    queue: mpsc::Sender<Message>,
    writer: Option<JoinHandle<()>>,
    /// Closed when the writer thread ends, whatever it ends of.
    writing: watched::Receiver<()>,
    retention: Retention,
    was_unclean: bool,
}

/// The settings of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineOptions {
    /// How long records are kept. A change takes effect for a record when it is next written.
    pub retention: Retention,
    /// The size of the page cache in bytes, in addition to the operating system's cache.
    pub cache_size: usize,
}

impl Default for EngineOptions {
    /// The default retention and a cache of 16 MiB.
    fn default() -> Self {
        Self { retention: Retention::default(), cache_size: 16 << 20 }
    }
}

impl Store for EmbeddedStore {}

impl EmbeddedStore {
    /// Opens the file for this process alone, and creates it if it does not exist. After a crash
    /// it gets what only the log has, which takes a moment.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(path: impl AsRef<Path>, options: EngineOptions) -> Result<Self, OpenError> {
        let path = path.as_ref();
        Self::open_on(|| Box::new(Files::of(path)), path, Pace::default(), options)
    }

    fn open_on(
        disk: impl Fn() -> Box<dyn Disk>,
        path: &Path,
        pace: Pace,
        options: EngineOptions,
    ) -> Result<Self, OpenError> {
        let reserve = Arc::new(Reserve::beside(path));
        let opened = File::open(disk(), path, options.cache_size, usize::MAX).or_else(|error| {
            if !error.is_disk_full() {
                return Err(error);
            }
            reserve.spend();
            // Small commits need less room than a large one.
            File::open(disk(), path, options.cache_size, SMALL_SLICE)
        });
        let file::Opened { file, log, redeemed, was_unclean } = opened?;
        reserve.take();
        let file = Arc::new(file);
        let counters = Arc::new(Counters::default());
        let nonces = Arc::new(LiveNonces::new(redeemed));
        let (queue, messages) = mpsc::channel();
        let writer = Writer::new(messages, file.clone(), log, pace, nonces.clone(), reserve.clone(), counters.clone());
        let (writes, writing) = watched::channel(());
        let writer = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                let _writes = writes;
                writer.run();
            })
            .map_err(|error| OpenError::Unusable { path: path.to_owned(), source: Box::new(error.into()) })?;
        let retention = options.retention;
        Ok(Self { file, counters, nonces, reserve, queue, writer: Some(writer), writing, retention, was_unclean })
    }

    /// Commits the waiting writes and the redeemed nonces, marks the stop as clean and releases the
    /// file. Later calls fail with [`StoreError::Unavailable`]. Closing a closed store changes
    /// nothing.
    ///
    /// Dropping the store does the same, but blocks the thread and reports no failure.
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

    /// Waits for the end of the writer thread: after [`close`](Self::close), or when it panicked.
    /// Nothing is written any more then.
    pub async fn writer_ended(&self) {
        let mut writing = self.writing.clone();
        while writing.changed().await.is_ok() {}
    }

    /// Commits a change to the disk, to see whether that is possible now.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it is not.
    pub async fn check_writing(&self) -> Result<(), StoreError> {
        self.write(|batch| {
            batch.set(table::META, key::CHECKED, b"");
            Ok(())
        })
        .await
    }

    /// Whether the previous process stopped without closing the file, so that its nonces are
    /// invalid.
    pub fn was_unclean(&self) -> bool {
        self.was_unclean
    }

    /// The records read and written since the store was opened.
    pub fn counts(&self) -> Counts {
        self.counters.counts()
    }

    fn read<T>(&self, look: impl FnOnce(&Snapshot) -> Result<T, Failure>) -> Result<T, StoreError> {
        let snapshot = Snapshot::new(View::of(&self.file), &self.counters);
        Ok(look(&snapshot)?)
    }

    /// Whether the disk is full, so that only what a CA must be able to write is written.
    pub fn is_disk_full(&self) -> bool {
        self.reserve.is_spent()
    }

    /// Queues a write and waits for its commit, unless the disk is full. If `decide` refuses, it
    /// must do so before its first change.
    async fn write<T: Send + 'static>(
        &self,
        decide: impl FnOnce(&mut Batch<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.reserve.check()?;
        self.write_from_reserve(decide).await
    }

    /// The same for what a CA must be able to write when its disk is full: revocations, CRLs, what
    /// operators do, what finishes an issuance, and what a start needs.
    async fn write_from_reserve<T: Send + 'static>(
        &self,
        decide: impl FnOnce(&mut Batch<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let request = writer::request(decide, answer);
        self.queue.send(Message::Write(request)).map_err(|_| Closed)?;
        answered.await.map_err(|_| NotCommitted)?
    }

    /// Applies all of the changes, or none if one of them meets a conflict.
    async fn apply(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.write(move |batch| change::apply(batch, changes)).await
    }

    /// The same when the disk is full.
    async fn apply_from_reserve(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.write_from_reserve(move |batch| change::apply(batch, changes)).await
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        self.nonces.close();
        // An error means that the writer has already stopped, after `close`.
        let _ = self.queue.send(Message::Close(None));
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the writer thread of the store has panicked");
        }
    }
}

impl fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedStore").field("retention", &self.retention).finish_non_exhaustive()
    }
}
