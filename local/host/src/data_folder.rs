//! The data folder: all persistent data of the host, readable by its owner only.

use std::{
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{self, Path, PathBuf},
};

use crate::StartError;

/// The folder, locked for this process as long as the value lives.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    _lock: File,
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
            Ok(()) => Ok(Self { path: path.clone(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StartError::DataInUse(path.clone())),
            Err(TryLockError::Error(error)) => Err(failed(&lock_path)(error)),
        }
    }

    /// Whether the folder is a data folder. The check changes nothing.
    pub(crate) fn is_one(path: &Path) -> bool {
        [LOCK, STORE].iter().any(|name| path.join(name).exists())
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
    Ok(is_empty || names.iter().any(|name| name == LOCK || name == STORE))
}

/// Writes a file so that after a crash there is either the complete file or none.
pub(crate) fn write_whole(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
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

const LOCK: &str = "lock";

/// The name of the store's file.
pub(crate) const STORE: &str = "store.redb";
