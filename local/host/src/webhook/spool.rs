//! A spool: events that wait for their delivery, in files of a folder.
//!
//! An event is appended before its request is answered, by one write to the file without a flush: a
//! killed process loses no acknowledged event, a power failure may lose the last seconds. Lines
//! stay in order. The total size of the files is limited: when the limit is reached, the oldest
//! file is deleted, and its events are counted as lost.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use acme::Event;
use authority::{EventSink, OnceAMinute};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// The spool of one folder.
pub(crate) struct Spool {
    folder: PathBuf,
    /// Whose events it is for, for the log.
    events_of: &'static str,
    state: Mutex<State>,
    news: Notify,
    full: OnceAMinute,
    unwritten: OnceAMinute,
}

struct State {
    /// The file that events are appended to, and its number.
    file: File,
    number: u64,
    length: u64,
    /// The place up to which all events are finished.
    done: SpoolPosition,
    counts: Counts,
    longest: u64,
    most: u64,
}

/// A place in the spool. It is persisted in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct SpoolPosition {
    number: u64,
    offset: u64,
}

/// The number of waiting events, and the outcomes of others since the spool was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Events that wait for delivery.
    pub(crate) waiting: u64,
    /// Events whose delivery failed for too long.
    pub(crate) given_up: u64,
    /// Events that were lost because the spool was full or the disk failed.
    pub(crate) lost: u64,
}

/// A waiting event, and the place of its end.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// The document of the event as JSON.
    pub(crate) document: Vec<u8>,
    end: (u64, u64),
}

/// The outcome of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeliveryOutcome {
    Delivered,
    GivenUp,
}

impl Spool {
    /// Opens the spool, and creates it if it does not exist. Its files have at most `longest`
    /// octets if they hold more than one event, and there are at most `most` of them.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub(crate) fn open(folder: &Path, longest: u64, most: u64, events_of: &'static str) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        // An unreadable mark was truncated by a power failure: events are delivered again rather
        // than never.
        let mark = fs::read(folder.join(MARK)).ok();
        let mut done: SpoolPosition = mark.and_then(|mark| serde_json::from_slice(&mark).ok()).unwrap_or_default();
        let numbers = numbers(folder)?;
        // New events go to a new file, so that they do not follow a truncated line.
        let number = numbers.last().copied().unwrap_or(0).max(done.number) + 1;
        let first = numbers.first().copied().unwrap_or(number);
        if done.number < first {
            done = SpoolPosition { number: first, offset: 0 };
        }
        let mut waiting = 0;
        for of in numbers {
            let offset = if of == done.number { done.offset } else { 0 };
            waiting += if of < done.number { 0 } else { lines_from(&path(folder, of), offset)? };
        }
        let file = new_file(&path(folder, number))?;
        let counts = Counts { waiting, ..Counts::default() };
        let state = State { file, number, length: 0, done, counts, longest, most };
        Ok(Self {
            folder: folder.to_owned(),
            events_of,
            state: Mutex::new(state),
            news: Notify::new(),
            full: OnceAMinute::new(),
            unwritten: OnceAMinute::new(),
        })
    }

    /// The number of waiting events, and the outcomes of others.
    pub(crate) fn counts(&self) -> Counts {
        self.lock().counts
    }

    /// The oldest waiting event, if any. It stays in the spool.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn oldest(&self) -> io::Result<Option<Waiting>> {
        let mut state = self.lock();
        loop {
            let SpoolPosition { number, offset } = state.done;
            let file = match File::open(path(&self.folder, number)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && number < state.number => None,
                file => Some(file?),
            };
            let mut document = Vec::new();
            if let Some(mut file) = file {
                file.seek(SeekFrom::Start(offset))?;
                BufReader::new(file).read_until(b'\n', &mut document)?;
            }
            if document.ends_with(b"\n") {
                let end = (number, offset + document.len() as u64);
                document.pop();
                return Ok(Some(Waiting { document, end }));
            }
            if number >= state.number {
                return Ok(None);
            }
            // The file is finished; a line without its end was truncated by a power failure.
            state.done = SpoolPosition { number: number + 1, offset: 0 };
            remove(&path(&self.folder, number))?;
        }
    }

    /// Marks the event as finished.
    ///
    /// # Errors
    /// The mark cannot be written: the event may be delivered again.
    pub(crate) fn finish(&self, event: &Waiting, outcome: DeliveryOutcome) -> io::Result<()> {
        let mut state = self.lock();
        let (number, offset) = event.end;
        if (state.done.number, state.done.offset) >= event.end {
            // Its file was deleted in the meantime.
            return Ok(());
        }
        state.done = SpoolPosition { number, offset };
        state.counts.waiting = state.counts.waiting.saturating_sub(1);
        if outcome == DeliveryOutcome::GivenUp {
            state.counts.given_up += 1;
        }
        self.write_mark(state.done)
    }

    /// Waits until an event has been appended since the last call.
    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }

    fn append(&self, line: &[u8]) -> io::Result<()> {
        let mut state = self.lock();
        if state.length > 0 && state.length + line.len() as u64 > state.longest {
            let number = state.number + 1;
            state.file = new_file(&path(&self.folder, number))?;
            (state.number, state.length) = (number, 0);
            self.make_room(&mut state)?;
        }
        if let Err(error) = state.file.write_all(line) {
            // The partly written line is cut off, so that the next one starts a new line.
            let length = state.length;
            state.file.set_len(length)?;
            return Err(error);
        }
        state.length += line.len() as u64;
        state.counts.waiting += 1;
        Ok(())
    }

    /// Deletes the oldest files while there are too many.
    fn make_room(&self, state: &mut State) -> io::Result<()> {
        while state.number - state.done.number >= state.most {
            let SpoolPosition { number, offset } = state.done;
            let oldest = path(&self.folder, number);
            let lost = if oldest.exists() { lines_from(&oldest, offset)? } else { 0 };
            state.done = SpoolPosition { number: number + 1, offset: 0 };
            state.counts.waiting = state.counts.waiting.saturating_sub(lost);
            state.counts.lost += lost;
            remove(&oldest)?;
            self.write_mark(state.done)?;
            if let Some(lost) = self.full.happened_times(lost) {
                tracing::error!(of = self.events_of, lost, "the spool of events is full: the oldest events are lost");
            }
        }
        Ok(())
    }

    fn write_mark(&self, mark: SpoolPosition) -> io::Result<()> {
        let draft = self.folder.join(format!("{MARK}.draft"));
        fs::write(&draft, serde_json::to_vec(&mark)?)?;
        fs::rename(&draft, self.folder.join(MARK))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventSink for Spool {
    fn take(&self, event: &Event) {
        let written = serde_json::to_vec(event).map_err(io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            self.append(&line)
        });
        match written {
            Ok(()) => self.news.notify_one(),
            Err(error) => {
                self.lock().counts.lost += 1;
                if let Some(times) = self.unwritten.happened() {
                    tracing::error!(%error, event = %event.id, times, "events cannot be spooled: they are only in the log");
                }
            }
        }
    }
}

/// The numbers of the files, in order.
fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let names =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<Vec<_>>>()?;
    let number = |name: &std::ffi::OsString| name.to_str()?.strip_suffix(SUFFIX)?.parse().ok();
    let mut numbers: Vec<u64> = names.iter().filter_map(number).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

fn lines_from(path: &Path, offset: u64) -> io::Result<u64> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut lines = 0;
    let mut line = Vec::new();
    let mut reader = BufReader::new(file);
    while reader.read_until(b'\n', &mut line)? > 0 {
        lines += u64::from(line.ends_with(b"\n"));
        line.clear();
    }
    Ok(lines)
}

fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:020}{SUFFIX}"))
}

const SUFFIX: &str = ".jsonl";
const MARK: &str = "mark.json";

#[cfg(test)]
mod tests {
    use acme::EventKind;
    use jiff::Timestamp;
    use tempfile::TempDir;

    use super::*;

    fn open(folder: &TempDir) -> Spool {
        Spool::open(folder.path(), 1 << 20, 64, "the CA").unwrap()
    }

    fn event(number: u8) -> Event {
        let what = EventKind::Test { actor: number.to_string() };
        Event::new(Timestamp::from_second(i64::from(number)).unwrap(), [number; 10], what)
    }

    fn next(spool: &Spool) -> Option<Event> {
        let waiting = spool.oldest().unwrap()?;
        let event = serde_json::from_slice(&waiting.document).unwrap();
        spool.finish(&waiting, DeliveryOutcome::Delivered).unwrap();
        Some(event)
    }

    fn all(spool: &Spool) -> Vec<Event> {
        std::iter::from_fn(|| next(spool)).collect()
    }

    #[test]
    fn events_come_out_in_the_order_in_which_they_came_in_also_after_a_restart() {
        let folder = TempDir::new().unwrap();
        let spool = open(&folder);
        assert_eq!(next(&spool), None);
        (1..=3).for_each(|number| spool.take(&event(number)));
        assert_eq!(spool.counts().waiting, 3);
        assert_eq!(next(&spool), Some(event(1)));
        // An event whose delivery failed still waits.
        assert!(spool.oldest().unwrap().is_some());
        drop(spool);

        let spool = open(&folder);
        assert_eq!(spool.counts().waiting, 2);
        spool.take(&event(4));
        assert_eq!(all(&spool), [event(2), event(3), event(4)]);
        assert_eq!(spool.counts().waiting, 0);
        drop(spool);
        assert_eq!(all(&open(&folder)), []);
    }

    #[test]
    fn files_that_are_done_go() {
        let folder = TempDir::new().unwrap();
        let spool = Spool::open(folder.path(), 200, 10, "the CA").unwrap();
        for number in 1..=20 {
            spool.take(&event(number));
            assert_eq!(next(&spool), Some(event(number)));
        }
        assert_eq!(next(&spool), None);
        assert_eq!(numbers(folder.path()).unwrap().len(), 1);
        assert_eq!(spool.counts().lost, 0);
    }

    #[test]
    fn a_full_spool_loses_its_oldest_events_and_counts_them() {
        let folder = TempDir::new().unwrap();
        let length = serde_json::to_vec(&event(10)).unwrap().len() as u64 + 1;
        let spool = Spool::open(folder.path(), 2 * length, 3, "the CA").unwrap();
        (10..20).for_each(|number| spool.take(&event(number)));
        assert_eq!(numbers(folder.path()).unwrap().len(), 3);
        assert_eq!(spool.counts(), Counts { waiting: 6, given_up: 0, lost: 4 });
        assert_eq!(all(&spool), (14..20).map(event).collect::<Vec<_>>());
    }

    #[test]
    fn an_event_whose_file_had_to_go_while_it_was_delivered_is_not_delivered_twice() {
        let folder = TempDir::new().unwrap();
        let length = serde_json::to_vec(&event(10)).unwrap().len() as u64 + 1;
        let spool = Spool::open(folder.path(), length, 2, "the CA").unwrap();
        spool.take(&event(10));
        let waiting = spool.oldest().unwrap().unwrap();
        (11..15).for_each(|number| spool.take(&event(number)));
        spool.finish(&waiting, DeliveryOutcome::Delivered).unwrap();
        assert_eq!(all(&spool), [event(13), event(14)]);
    }

    #[test]
    fn a_torn_line_and_a_torn_mark_lose_nothing_else() {
        let folder = TempDir::new().unwrap();
        let spool = open(&folder);
        (1..=2).for_each(|number| spool.take(&event(number)));
        assert_eq!(next(&spool), Some(event(1)));
        drop(spool);
        let last = path(folder.path(), *numbers(folder.path()).unwrap().last().unwrap());
        OpenOptions::new().append(true).open(last).unwrap().write_all(b"{\"version\":1,\"id").unwrap();
        fs::write(folder.path().join(MARK), "{\"num").unwrap();

        let spool = open(&folder);
        spool.take(&event(3));
        assert_eq!(all(&spool), [event(1), event(2), event(3)], "again rather than never");
    }
}
