//! Space on the disk that is kept for what a CA must be able to write when its disk is full.
//!
//! A file beside the store takes the space. When a commit finds the disk full, the file is deleted:
//! from then on only revocations, CRLs, what operators do and what a start needs are written, and
//! everything else is refused, so that the CA never issues what it could no longer revoke. When the
//! file can be written again, there is room again.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use crate::StoreError;

/// The file with the space.
#[derive(Debug)]
pub(super) struct Reserve {
    path: PathBuf,
    spent: AtomicBool,
}

impl Reserve {
    /// The reserve beside this store, which may not exist yet.
    pub(super) fn beside(store: &Path) -> Self {
        let mut path = store.as_os_str().to_owned();
        path.push(".reserve");
        Self { path: path.into(), spent: AtomicBool::new(false) }
    }

    /// Takes the space, unless it is taken or was just spent.
    pub(super) fn take(&self) {
        if !self.is_spent() && !self.is_whole() && self.write().is_err() {
            self.spend();
        }
    }

    /// Whether the space is in use, because the disk is full.
    pub(super) fn is_spent(&self) -> bool {
        self.spent.load(Ordering::Acquire)
    }

    /// Refuses what is not written to a full disk.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if self.is_spent() { Err(StoreError::Unavailable(Box::new(DiskFull))) } else { Ok(()) }
    }

    /// Gives the space to the store.
    pub(super) fn spend(&self) {
        let was_spent = self.spent.swap(true, Ordering::AcqRel);
        // Without the file there is nothing more to give.
        let _ = fs::remove_file(&self.path);
        if !was_spent {
            tracing::error!(
                "the disk is full: until it has room, only revocations, CRLs and acts of operators are written"
            );
        }
    }

    /// Takes the space again if it was spent and there is room.
    pub(super) fn restore(&self) {
        if self.is_spent() && self.write().is_ok() {
            self.spent.store(false, Ordering::Release);
            tracing::info!("the disk has room again");
        }
    }

    /// Whether the file system has no room. The error of the database does not always say so: after
    /// the first one, it reports that there was one.
    pub(super) fn has_no_room(&self) -> bool {
        let probe = self.path.with_extension("probe");
        let written = fs::write(&probe, vec![1; PAGE]);
        let _ = fs::remove_file(&probe);
        written.is_err_and(|error| is_full(&error))
    }

    fn is_whole(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|file| file.len() == SIZE as u64)
    }

    /// Writes the file. Its content is such that no file system can compress it.
    fn write(&self) -> io::Result<()> {
        let write = || {
            let mut options = OpenOptions::new();
            let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&self.path)?;
            let mut state = 0x9e37_79b9_7f4a_7c15_u64;
            let mut page = Vec::with_capacity(PAGE);
            for _ in 0..SIZE / PAGE {
                page.clear();
                while page.len() < PAGE {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    page.extend(state.to_le_bytes());
                }
                file.write_all(&page)?;
            }
            // Some file systems only find out then that there is no room.
            file.sync_data()
        };
        write().inspect_err(|_| drop(fs::remove_file(&self.path)))
    }
}

/// Whether the file system had no room.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// The disk is full, and this is not written from the reserve.
#[derive(Debug, thiserror::Error)]
#[error("the disk is full")]
struct DiskFull;

/// Enough for what only the log has when the disk is full, a CRL of ten thousand entries and
/// thousands of revocations.
const SIZE: usize = 8 << 20;
const PAGE: usize = 64 << 10;
