//! Where the database and the log are kept: files of a folder, or what a test puts in their place.

use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use redb::{Builder, Database, DatabaseError, backends::FileBackend};

use super::log::{self, Medium};

/// A place for a database and its log.
pub(super) trait Disk: Send + Sync {
    /// Opens the database for this process alone, and creates it if it does not exist.
    fn database(&self, builder: &Builder) -> Result<Database, DatabaseError>;

    /// Whether there is something in the place of the log.
    fn has_log(&self) -> bool;

    /// Opens the log, and creates it if it does not exist.
    fn log(&self) -> io::Result<Box<dyn Medium>>;
}

/// The file of the database, and the log beside it.
pub(super) struct Files(PathBuf);

impl Files {
    pub(super) fn of(store: &Path) -> Self {
        Self(store.to_owned())
    }

    /// Makes the file under another name, because one that was begun is no database.
    fn create(&self, builder: &Builder) -> Result<(), DatabaseError> {
        let mut begun = self.0.as_os_str().to_owned();
        begun.push(".new");
        let file = opened(Path::new(&begun))?;
        file.set_len(0)?;
        drop(builder.create_with_backend(FileBackend::new(file)?)?);
        fs::rename(&begun, &self.0)?;
        if let Some(folder) = self.0.parent() {
            fs::File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}

/// Only the owner may read the file, because it contains the nonce secrets.
fn opened(path: &Path) -> io::Result<fs::File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

impl Disk for Files {
    fn database(&self, builder: &Builder) -> Result<Database, DatabaseError> {
        if !fs::metadata(&self.0).is_ok_and(|file| file.len() > 0) {
            self.create(builder)?;
        }
        builder.create_with_backend(FileBackend::new(opened(&self.0)?)?)
    }

    fn has_log(&self) -> bool {
        fs::exists(log::beside(&self.0)).unwrap_or(true)
    }

    fn log(&self) -> io::Result<Box<dyn Medium>> {
        Ok(Box::new(log::file(&log::beside(&self.0))?))
    }
}
