//! A file in a tool's folder that records the list from which the tool was installed, so that a
//! second set-up has nothing to do.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::Error;

/// The stamp of the lists: their texts.
pub(super) fn of(lists: &[&Path]) -> Result<String, Error> {
    lists
        .iter()
        .map(|path| fs::read_to_string(path).map_err(|source| Error::File { path: path.to_path_buf(), source }))
        .collect()
}

/// Whether the installation in `folder` was completed with exactly these lists.
pub(super) fn is_at(folder: &Path, lists: &str) -> bool {
    fs::read_to_string(file(folder)).is_ok_and(|stamp| stamp == lists)
}

/// Marks the installation in `folder` as complete.
pub(super) fn put(folder: &Path, lists: &str) -> Result<(), Error> {
    let path = file(folder);
    fs::write(&path, lists).map_err(|source| Error::File { path, source })
}

fn file(folder: &Path) -> PathBuf {
    folder.join("installed.stamp")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_complete_only_for_the_list_it_was_made_from() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_at(folder.path(), "certbot==1"));
        put(folder.path(), "certbot==1").unwrap();
        assert!(is_at(folder.path(), "certbot==1"));
        assert!(!is_at(folder.path(), "certbot==2"));
    }
}
