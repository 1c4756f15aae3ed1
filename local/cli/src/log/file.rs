//! The log in a file, which log rotation renames.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// A file that lines of the log are appended to, until it is opened again.
pub(crate) struct LogFile {
    path: PathBuf,
    file: Mutex<File>,
}

impl LogFile {
    /// Opens the file, and creates it if it does not exist.
    ///
    /// # Errors
    /// It can neither be opened nor created.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), file: Mutex::new(open(path)?) })
    }

    /// Opens the file of that name again, which is another one after log rotation. Its first line
    /// says so. If it cannot be opened, the log goes on in the present one.
    pub(crate) fn reopen(&self) {
        match open(&self.path) {
            Ok(file) => {
                *self.file.lock().unwrap_or_else(PoisonError::into_inner) = file;
                tracing::info!("SIGHUP: the log file was opened again");
            }
            Err(error) => {
                let path = self.path.display();
                tracing::error!(%path, %error, "SIGHUP: the log file could not be opened again, so the log goes on in the old one");
            }
        }
    }
}

impl Write for &LogFile {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Others than owner and group may not read it: lines tell who asks for which names.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o640).open(path)
}
