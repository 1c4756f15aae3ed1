//! The log: what a group changed is durable as soon as its record is here.
//!
//! A file of a fixed size, whose space is taken when it is made, is overwritten in place, so that a
//! record costs one write and one flush, and no change of the file system's own records. It has two
//! halves. While the rows of one are put into the store's file, which then remembers the last
//! record that it has, the next records go into the other.
//!
//! A record is the mark of the one before it, its own mark, the number of its octets, and these.
//! Its mark is a hash of everything before it in the chain, so what an earlier round, a torn write
//! or the log of another store left in the file is never taken for the next record.

use std::{
    collections::HashMap,
    fs::{self, OpenOptions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// Identifies a record by itself and all records before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Mark([u8; MARK]);

/// The log, open for one process.
#[derive(Debug)]
pub(super) struct Log {
    file: Box<dyn Medium>,
    /// The last record.
    last: Mark,
    /// The half that has it, 0 or 1.
    half: usize,
    /// Where the next one begins, in that half.
    end: usize,
    /// A record failed, and may be in the file nevertheless.
    is_broken: bool,
}

/// Where a log is kept.
pub(super) trait Medium: std::fmt::Debug + Send {
    /// How many octets there are.
    fn size(&self) -> usize;

    /// Everything that is there.
    fn read(&self) -> io::Result<Vec<u8>>;

    /// Overwrites what is there, beginning at an offset.
    fn write_at(&self, octets: &[u8], offset: usize) -> io::Result<()>;

    /// Returns when everything that was written survives a loss of power.
    fn flush(&self) -> io::Result<()>;
}

impl Mark {
    /// The mark of a store that has no record yet.
    ///
    /// # Errors
    /// The operating system has no random octets.
    pub(super) fn random() -> io::Result<Self> {
        let mut mark = [0; MARK];
        getrandom::fill(&mut mark).map_err(io::Error::from)?;
        Ok(Self(mark))
    }

    /// The mark with these octets.
    pub(super) fn from_slice(octets: &[u8]) -> Option<Self> {
        octets.try_into().ok().map(Self)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn then(self, octets: &[u8]) -> Self {
        Self(Sha256::new().chain_update(self.0).chain_update(octets).finalize().into())
    }
}

impl Log {
    /// The log of a store that has everything up to `last`, and the records that it lacks.
    pub(super) fn open(file: Box<dyn Medium>, last: Mark) -> io::Result<(Self, Vec<Vec<u8>>)> {
        let octets = file.read()?;
        let (one, other) = octets.split_at(octets.len().min(file.size() / 2));
        let followers: HashMap<Mark, Record<'_>> =
            records(one).chain(records(other)).map(|record| (record.before, record)).collect();
        let (mut log, mut missing) = (Self { file, last, half: 0, end: 0, is_broken: false }, Vec::new());
        while let Some(record) = followers.get(&log.last) {
            missing.push(record.octets.to_vec());
            log.last = record.mark;
        }
        Ok((log, missing))
    }

    /// The last record.
    pub(super) fn last(&self) -> Mark {
        self.last
    }

    /// Appends a record and returns when it is durable. `false` means that there is no room for it.
    ///
    /// # Errors
    /// The file could not be written. There is no room from then on, until the log
    /// [begins again](Self::begin_again).
    pub(super) fn append(&mut self, octets: &[u8]) -> io::Result<bool> {
        if self.is_broken || self.end + HEAD + octets.len() > self.file.size() / 2 {
            return Ok(false);
        }
        let mark = self.last.then(octets);
        let mut record = Vec::with_capacity(HEAD + octets.len());
        record.extend(self.last.0);
        record.extend(mark.0);
        record.extend((octets.len() as u64).to_le_bytes());
        record.extend(octets);
        let written =
            self.file.write_at(&record, self.half * (self.file.size() / 2) + self.end).and_then(|()| self.file.flush());
        if written.is_err() {
            // The chain goes on without the record that failed.
            self.is_broken = true;
            self.last = mark.then(b"failed");
            return written.map(|()| false);
        }
        self.last = mark;
        self.end += record.len();
        Ok(true)
    }

    /// Continues in the other half, of which the store's file has everything.
    pub(super) fn turn(&mut self) {
        self.half = 1 - self.half;
        self.end = 0;
    }

    /// Overwrites what is there from now on: the store's file has everything up to
    /// [`last`](Self::last).
    pub(super) fn begin_again(&mut self) {
        self.end = 0;
        self.is_broken = false;
    }
}

struct Record<'o> {
    before: Mark,
    mark: Mark,
    octets: &'o [u8],
}

/// The records at the start of a half, each of which follows the one before it.
fn records(mut log: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut last = None;
    std::iter::from_fn(move || {
        let (before, rest) = log.split_first_chunk()?;
        let (mark, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (octets, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        let record = Record { before: Mark(*before), mark: Mark(*mark), octets };
        let follows = last.is_none_or(|last| last == record.before);
        if !follows || record.mark != record.before.then(octets) {
            return None;
        }
        (log, last) = (rest, Some(record.mark));
        Some(record)
    })
}

/// The path of the log of a store.
pub(super) fn beside(store: &Path) -> PathBuf {
    let mut path = store.as_os_str().to_owned();
    path.push(".log");
    path.into()
}

/// The file of a log, made if it does not exist, and filled where it is shorter than a log: nothing
/// that it has is lost.
pub(super) fn file(path: &Path) -> io::Result<fs::File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    let length = file.metadata()?.len();
    if length < SIZE as u64 {
        // Page by page: what ext4 keeps in larger units in memory is flushed more slowly later.
        for offset in (length..SIZE as u64).step_by(PAGE) {
            file.write_all_at(&[0; PAGE], offset)?;
        }
        file.sync_all()?;
        if let Some(folder) = path.parent() {
            fs::File::open(folder)?.sync_all()?;
        }
    }
    Ok(file)
}

impl Medium for fs::File {
    fn size(&self) -> usize {
        SIZE
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        let mut octets = vec![0; SIZE];
        self.read_exact_at(&mut octets, 0)?;
        Ok(octets)
    }

    fn write_at(&self, octets: &[u8], offset: usize) -> io::Result<()> {
        self.write_all_at(octets, offset as u64)
    }

    fn flush(&self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Octets of a log.
const SIZE: usize = 2 << 20;
/// Octets of a page in memory.
const PAGE: usize = 4 << 10;
/// Octets of a mark.
const MARK: usize = 32;
/// Octets before those of a record: two marks and a length.
const HEAD: usize = 2 * MARK + size_of::<u64>();

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        (folder, path)
    }

    fn opened(path: &Path, last: Mark) -> (Log, Vec<Vec<u8>>) {
        Log::open(Box::new(file(path).unwrap()), last).unwrap()
    }

    const START: Mark = Mark([7; MARK]);

    #[test]
    fn what_was_appended_after_the_record_that_the_store_has_is_there_when_it_is_opened_again() {
        let (_folder, path) = fresh();
        let (mut log, missing) = opened(&path, START);
        assert!(missing.is_empty());
        let mut marks = vec![START];
        for octets in [b"one".as_slice(), b"", b"three"] {
            assert!(log.append(octets).unwrap());
            marks.push(log.last());
        }
        let all = [b"one".to_vec(), b"".to_vec(), b"three".to_vec()];
        for (had, mark) in marks.iter().enumerate() {
            let (log, missing) = opened(&path, *mark);
            assert_eq!((missing.as_slice(), log.last()), (&all[had..], marks[3]));
        }
        assert!(opened(&path, Mark([8; MARK])).1.is_empty(), "another store");
    }

    #[test]
    fn a_log_that_began_again_has_the_records_of_its_round_alone() {
        let (_folder, path) = fresh();
        let (mut log, _) = opened(&path, START);
        for _ in 0..3 {
            assert!(log.append(b"first round").unwrap());
        }
        let had = log.last();
        log.begin_again();
        assert!(opened(&path, had).1.is_empty());
        assert!(log.append(b"2nd round.!").unwrap());
        assert_eq!(opened(&path, had).1, [b"2nd round.!"]);
        assert!(opened(&path, START).1.is_empty(), "a store that was put back to the round before");
    }

    #[test]
    fn a_half_that_is_written_again_has_nothing_that_follows_what_the_store_has() {
        let (_folder, path) = fresh();
        let (mut log, _) = opened(&path, START);
        let mut had = START;
        for round in 0..5_u8 {
            // The store has everything of this half, and gets that of the other.
            log.append(&[round, 1]).unwrap();
            log.append(&[round, 2]).unwrap();
            let left = log.last();
            log.turn();
            log.append(&[round, 3]).unwrap();
            assert_eq!(opened(&path, had).1, [[round, 1], [round, 2], [round, 3]]);
            assert_eq!(opened(&path, left).1, [[round, 3]]);
            had = log.last();
            log.turn();
        }
    }

    #[test]
    fn a_log_that_was_copied_in_part_still_has_the_records_of_that_part() {
        let (_folder, path) = fresh();
        let (mut log, _) = opened(&path, START);
        for octets in [b"one".as_slice(), b"two", b"three"] {
            log.append(octets).unwrap();
        }
        for (length, had) in [(SIZE / 2, 3), (2 * (HEAD + 3), 2), (HEAD + 5, 1), (7, 0), (0, 0)] {
            fs::File::options().write(true).open(&path).unwrap().set_len(length as u64).unwrap();
            assert_eq!(opened(&path, START).1.len(), had, "{length} octets");
        }
    }

    #[test]
    fn a_record_that_is_torn_anywhere_and_those_after_it_are_not_there() {
        let (_folder, path) = fresh();
        let (mut log, _) = opened(&path, START);
        for octets in [b"one".as_slice(), b"two", b"three"] {
            log.append(octets).unwrap();
        }
        let second = HEAD + 3..2 * (HEAD + 3);
        for at in second {
            let file = file(&path).unwrap();
            let mut octet = [0];
            file.read_exact_at(&mut octet, at as u64).unwrap();
            file.write_all_at(&[!octet[0]], at as u64).unwrap();
            assert_eq!(opened(&path, START).1, [b"one"], "octet {at}");
            file.write_all_at(&octet, at as u64).unwrap();
        }
        assert_eq!(opened(&path, START).1.len(), 3);
    }

    #[test]
    fn a_full_log_takes_no_record_and_keeps_those_that_it_has() {
        let (_folder, path) = fresh();
        let (mut log, _) = opened(&path, START);
        let half = vec![1; SIZE / 4];
        assert!(log.append(&half).unwrap());
        assert!(!log.append(&half).unwrap());
        assert!(log.append(&half[..SIZE / 4 - 2 * HEAD]).unwrap(), "to the last octet");
        assert!(!log.append(b"").unwrap());
        assert_eq!(opened(&path, START).1.len(), 2);
        log.turn();
        assert!(log.append(&half).unwrap());
        assert_eq!(opened(&path, START).1.len(), 3, "the record in the other half follows");
    }

    /// A disk that keeps what it is asked to write, and says that it failed.
    #[derive(Debug)]
    struct Liar(fs::File);

    impl Medium for Liar {
        fn size(&self) -> usize {
            SIZE
        }

        fn read(&self) -> io::Result<Vec<u8>> {
            Medium::read(&self.0)
        }

        fn write_at(&self, octets: &[u8], offset: usize) -> io::Result<()> {
            Medium::write_at(&self.0, octets, offset)
        }

        fn flush(&self) -> io::Result<()> {
            Err(io::Error::other("it failed"))
        }
    }

    #[test]
    fn a_record_that_failed_is_not_there_once_the_store_has_gone_on_without_it() {
        let (_folder, path) = fresh();
        let (mut log, _) = Log::open(Box::new(Liar(file(&path).unwrap())), START).unwrap();
        log.append(b"failed").unwrap_err();
        assert!(!log.append(b"later").unwrap(), "whose place would be unknown");
        let had = log.last();
        log.begin_again();
        assert!(opened(&path, had).1.is_empty());
    }
}
