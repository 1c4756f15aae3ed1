//! The layout of the file, as two numbers.
//!
//! - The **major** number is stored under [`key::SCHEMA`](super::key::SCHEMA). A version only opens
//!   files of its own major number: another number means that records moved or changed their
//!   meaning.
//! - The **minor** number is that of the last completed migration. Every version opens a file of
//!   any minor number, because earlier versions neither read nor write what a migration adds.
//!
//! While a process keeps the last writes in a [log](super::log), the major number has a suffix, so
//! that versions that do not know logs refuse the file of a process that was killed.
//!
//! The minor number is part of the mark that records whether the last process closed the file
//! ([`key::RUNNING`](super::key::RUNNING)), because that mark is written by every process that
//! opens it. So a version notices when an earlier version had the file open in between and did not
//! maintain what migrations added: the mark then has a lower number or none, and those migrations
//! run again. The first versions had no minor number: their mark is empty while they run and absent
//! after they have closed the file.

use super::{log::Mark, migration};

/// What the last process left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LastProcess {
    /// The layout; `None` when the file is new.
    pub(super) major: Option<u32>,
    /// The number of the last migration that the process knew.
    pub(super) minor: u32,
    /// Whether the process closed the file.
    pub(super) closed: bool,
    /// Whether its last writes may be in the log alone.
    pub(super) had_log: bool,
    /// The last record of the log that the file has.
    pub(super) mark: Option<Mark>,
}

impl LastProcess {
    /// That of a new file.
    pub(super) fn none() -> Self {
        Self { major: None, ..Self::of(None, None, None) }
    }

    /// Parses the rows of the file.
    pub(super) fn of(schema: Option<&[u8]>, running: Option<&[u8]>, log: Option<&[u8]>) -> Self {
        let schema = schema.map(String::from_utf8_lossy);
        let number = schema.as_deref().map(|schema| schema.strip_suffix(WITH_LOG).unwrap_or(schema));
        let running = running.map(String::from_utf8_lossy).unwrap_or_else(|| CLOSED.into());
        let (state, minor) = running.split_once(' ').unwrap_or((&running, ""));
        Self {
            // Only a newer version could identify its layout by something other than a number.
            major: number.map(|number| number.parse().unwrap_or(u32::MAX)),
            minor: minor.parse().unwrap_or(0),
            closed: state == CLOSED,
            had_log: schema.is_some_and(|schema| schema.ends_with(WITH_LOG)),
            mark: log.and_then(Mark::from_slice),
        }
    }
}

/// The major number, as it is stored.
pub(super) fn number(with_log: bool) -> String {
    format!("{MAJOR}{}", if with_log { WITH_LOG } else { "" })
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
const WITH_LOG: &str = " with log";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_tells_which_version_had_the_file_last_and_whether_it_closed_it() {
        let last = |minor, closed| LastProcess { minor, closed, ..LastProcess::none() };
        let of = |mark: Option<&str>| LastProcess::of(None, mark.map(str::as_bytes), None);
        for (mark, expected) in [
            (None, last(0, true)),
            (Some(""), last(0, false)),
            (Some("closed 7"), last(7, true)),
            (Some("open 7"), last(7, false)),
            (Some("novel"), last(0, false)),
        ] {
            assert_eq!(of(mark), expected, "{mark:?}");
        }
        assert_eq!(of(Some(&open_mark())), last(migration::LAST, false));
        assert_eq!(of(Some(&closed_mark())), last(migration::LAST, true));
    }

    #[test]
    fn a_number_that_says_that_there_is_a_log_is_that_of_a_newer_version_for_those_that_know_no_logs() {
        let of = |number: &str| {
            let last = LastProcess::of(Some(number.as_bytes()), None, None);
            (last.major, last.had_log)
        };
        assert_eq!(of(&number(false)), (Some(MAJOR), false));
        assert_eq!(of(&number(true)), (Some(MAJOR), true));
        assert_eq!(of("novel"), (Some(u32::MAX), false));
        assert!(number(false).parse::<u32>().is_ok() && number(true).parse::<u32>().is_err());
    }
}
