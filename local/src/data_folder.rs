//! The data folder: everything that the host remembers, readable by its owner alone.

use std::{
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use crate::StartError;

/// The folder, taken for this process for as long as the value lives.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Makes the folder when it is not there, and takes it.
    pub(crate) fn open(path: &Path) -> Result<Self, StartError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| StartError::Data { path, source }
        };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed(path))?;
        // Also a folder that somebody else made is the owner's alone from now on: it holds CA keys.
        fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(failed(path))?;
        let lock_path = path.join("lock");
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&lock_path);
        let lock = lock.map_err(failed(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StartError::DataInUse(path.to_owned())),
            Err(TryLockError::Error(error)) => Err(failed(&lock_path)(error)),
        }
    }

    /// The path of a file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

/// Writes a file so that after a crash there is either the whole file or none.
pub(crate) fn write_whole(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("draft");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
