//! The layout of the file, as two numbers.
//!
//! - The **major** number is stored under [`key::SCHEMA`](super::key::SCHEMA). A version only opens
//!   files of its own major number: another number means that records moved or changed their
//!   meaning.
//! - The **minor** number is that of the last completed migration. Every version opens a file of
//!   any minor number, because earlier versions neither read nor write what a migration adds.
//!
//! The minor number is part of the mark that records whether the last process closed the file
//! ([`key::RUNNING`](super::key::RUNNING)), because that mark is written by every process that
//! opens it. So a version notices when an earlier version had the file open in between and did not
//! maintain what migrations added: the mark then has a lower number or none, and those migrations
//! run again. The first versions had no minor number: their mark is empty while they run and absent
//! after they have closed the file.

use super::migration;

/// The mark of the last process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LastProcess {
    /// The number of the last migration that the process knew.
    pub(super) minor: u32,
    /// Whether the process closed the file.
    pub(super) closed: bool,
}

impl LastProcess {
    /// Parses the mark; `None` means that there is no mark.
    pub(super) fn of(mark: Option<&[u8]>) -> Self {
        let text = mark.map(String::from_utf8_lossy).unwrap_or_else(|| CLOSED.into());
        let (state, minor) = text.split_once(' ').unwrap_or((&text, ""));
        Self { minor: minor.parse().unwrap_or(0), closed: state == CLOSED }
    }
}

/// The mark while this version has the file open.
pub(super) fn open_mark() -> String {
    format!("open {}", migration::LAST)
}

/// The mark after this version closed the file.
pub(super) fn closed_mark() -> String {
    format!("{CLOSED} {}", migration::LAST)
}

/// The layout that this version reads and writes.
pub(super) const MAJOR: u32 = 1;

const CLOSED: &str = "closed";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_tells_which_version_had_the_file_last_and_whether_it_closed_it() {
        let last = |minor, closed| LastProcess { minor, closed };
        for (mark, expected) in [
            (None, last(0, true)),
            (Some(""), last(0, false)),
            (Some("closed 7"), last(7, true)),
            (Some("open 7"), last(7, false)),
            (Some("novel"), last(0, false)),
        ] {
            assert_eq!(LastProcess::of(mark.map(str::as_bytes)), expected, "{mark:?}");
        }
        assert_eq!(LastProcess::of(Some(open_mark().as_bytes())), last(migration::LAST, false));
        assert_eq!(LastProcess::of(Some(closed_mark().as_bytes())), last(migration::LAST, true));
    }
}
