//! The data folder: all persistent data of the host, readable by its owner only.

use std::{
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{self, Path, PathBuf},
};

use crate::StartError;

/// The folder, locked for this process as long as the value lives.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    lock: File,
}

impl Drop for DataFolder {
    /// A process that is just being started has a copy of each open file, and with it the lock,
    /// until its program runs. Unlocked, the folder is free at once, and not when the last copy is
    /// closed.
    fn drop(&mut self) {
        if let Err(error) = self.lock.unlock() {
            tracing::warn!(%error, "the data folder is free only when this process has ended");
        }
    }
}

impl DataFolder {
    /// Creates the folder if it does not exist, and locks it.
    pub(crate) fn open(path: &Path) -> Result<Self, StartError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| StartError::Data { path, source }
        };
        let path = &path::absolute(path).map_err(failed(path))?;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed(path))?;
        // From now on only the owner has access to the folder, because it contains CA keys. That
        // must not happen to a folder that is used for other purposes.
        if !is_ours(path).map_err(failed(path))? {
            return Err(StartError::NotADataFolder(path.clone()));
        }
        fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(failed(path))?;
        let lock_path = path.join(LOCK);
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&lock_path);
        let lock = lock.map_err(failed(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.clone(), lock }),
            Err(TryLockError::WouldBlock) => Err(StartError::DataInUse(path.clone())),
            Err(TryLockError::Error(error)) => Err(failed(&lock_path)(error)),
        }
    }

    /// Whether the folder is a data folder. The check changes nothing.
    pub(crate) fn is_one(path: &Path) -> bool {
        [LOCK, STORE].iter().any(|name| path.join(name).exists())
    }

    /// Whether the store is the very file that the last process closed here. A copy is another file
    /// or has another time of change, which cannot be set: it may be older than what clients saw.
    pub(crate) fn store_is_as_left(&self) -> bool {
        let left = fs::read_to_string(self.file(LEFT)).ok();
        left.is_some() && left == self.state_of_store().ok()
    }

    /// Remembers the store as it is left. Call it after the store was closed.
    pub(crate) fn leave_store(&self) {
        let left = self.state_of_store().and_then(|state| write_whole(&self.file(LEFT), 0o600, state.as_bytes()));
        if let Err(error) = left {
            tracing::warn!(%error, "the next start will take the store for a restored one and renew its nonces");
        }
    }

    fn state_of_store(&self) -> io::Result<String> {
        let store = fs::metadata(self.file(STORE))?;
        Ok(format!("{} {} {}.{:09}", store.dev(), store.ino(), store.ctime(), store.ctime_nsec()))
    }

    /// Its absolute path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The absolute path of a file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

/// Whether the folder is unused or the data folder of a CA.
fn is_ours(path: &Path) -> io::Result<bool> {
    let names = fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<Vec<_>, _>>()?;
    // A new file system has this entry in its root folder.
    let is_empty = names.iter().all(|name| name == "lost+found");
    let has = |name: &str| names.iter().any(|found| found == name);
    // Keys alone are what is left of a CA, and refused as such.
    Ok(is_empty || has(LOCK) || has(STORE) || (has("root.key") && has("issuing.key")))
}

/// Writes a file so that after a crash there is either the complete file or none. A file that has
/// these bytes already is left as it is, because the disk may be full.
pub(crate) fn write_whole(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    if is_written(path, mode, bytes) {
        return Ok(());
    }
    let mut draft = path.as_os_str().to_owned();
    draft.push(".draft");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // Created new, so that the mode is not that of a draft that a crash left behind.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

fn is_written(path: &Path, mode: u32, bytes: &[u8]) -> bool {
    let has_mode = fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o777 == mode);
    has_mode && fs::read(path).is_ok_and(|present| present == bytes)
}

/// The name of the locked file.
pub(crate) const LOCK: &str = "lock";

/// The file that says which store was left by the last process.
const LEFT: &str = "store.left";

/// The name of the file with the root's certificate.
pub(crate) const ROOT_PEM: &str = "root.pem";

/// The name of the store's file.
pub(crate) const STORE: &str = "store.redb";

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn a_folder_is_free_at_once_even_if_a_child_that_is_just_started_still_has_the_lock() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("data");
        let first = DataFolder::open(&path).unwrap();
        assert!(matches!(DataFolder::open(&path), Err(StartError::DataInUse(_))));
        // What a child has between its fork and the start of its program.
        let copy = first.lock.try_clone().unwrap();
        drop(first);
        let second = DataFolder::open(&path).unwrap();
        drop(copy);
        assert!(matches!(DataFolder::open(&path), Err(StartError::DataInUse(_))));
        drop(second);
    }

    #[test]
    fn a_file_that_would_not_change_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.pem");
        let write = |mode, bytes: &[u8]| {
            write_whole(&path, mode, bytes).unwrap();
            let file = fs::metadata(&path).unwrap();
            assert_eq!((fs::read(&path).unwrap(), file.permissions().mode() & 0o777), (bytes.to_vec(), mode));
            file.ino()
        };
        let first = write(0o644, b"root");
        assert_eq!(write(0o644, b"root"), first);
        let second = write(0o644, b"other");
        assert_ne!(second, first);
        assert_ne!(write(0o600, b"other"), second, "the mode is part of it");
    }
}
