//! Tests: the power is lost at each operation of the disk, and what was not flushed is written in
//! part, in any order, or not at all.

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use redb::{Builder, Database, DatabaseError, StorageBackend};

use super::{EmbeddedStore, EngineOptions, disk::Disk, log::Medium, table, writer::Pace};
use crate::StoreError;

/// A disk with two files, whose power is lost after a number of operations.
#[derive(Clone, Debug)]
struct Power(Arc<Mutex<State>>);

#[derive(Clone, Debug, Default)]
struct State {
    files: [Content; 2],
    /// The operations until the power is lost.
    left: usize,
    done: usize,
}

/// What is in a file, and what would be there without the power.
#[derive(Clone, Debug, Default)]
struct Content {
    flushed: Vec<u8>,
    seen: Vec<u8>,
    /// What was done since the last flush.
    pending: Vec<Pending>,
}

#[derive(Clone, Debug)]
enum Pending {
    Length(usize),
    Octets(usize, Vec<u8>),
}

impl Pending {
    fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Length(length) => file.resize(*length, 0),
            Self::Octets(offset, octets) => {
                let end = offset + octets.len();
                file.resize(file.len().max(end), 0);
                file[*offset..end].copy_from_slice(octets);
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Part {
    power: Power,
    file: usize,
}

impl Power {
    fn new(state: State) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn part(&self, file: usize) -> Part {
        Part { power: self.clone(), file }
    }

    /// What is left after the power was lost: of what was not flushed, each sector by itself is
    /// there or not.
    fn after_the_loss(&self, mut random: impl FnMut() -> u64) -> State {
        let mut left = self.lock().clone();
        for file in &mut left.files {
            for pending in std::mem::take(&mut file.pending) {
                match &pending {
                    Pending::Length(_) => pending.apply(&mut file.flushed),
                    Pending::Octets(offset, octets) => {
                        for (number, sector) in octets.chunks(SECTOR).enumerate() {
                            if random().is_multiple_of(2) {
                                let written = Pending::Octets(offset + number * SECTOR, sector.to_vec());
                                written.apply(&mut file.flushed);
                            }
                        }
                    }
                }
            }
            file.seen.clone_from(&file.flushed);
        }
        State { left: usize::MAX, done: 0, ..left }
    }
}

impl Part {
    /// One operation that changes the file, unless the power is gone.
    fn change(&self, change: impl FnOnce(&mut Content)) -> io::Result<()> {
        let mut state = self.power.lock();
        if state.left == 0 {
            return Err(io::Error::other("there is no power"));
        }
        state.left -= 1;
        state.done += 1;
        change(&mut state.files[self.file]);
        Ok(())
    }

    fn pend(&self, pending: Pending) -> io::Result<()> {
        self.change(|content| {
            pending.apply(&mut content.seen);
            content.pending.push(pending);
        })
    }

    fn flush(&self) -> io::Result<()> {
        self.change(|content| {
            for pending in content.pending.drain(..) {
                pending.apply(&mut content.flushed);
            }
        })
    }
}

impl Medium for Part {
    fn size(&self) -> usize {
        LOG
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        Ok(self.power.lock().files[self.file].seen.clone())
    }

    fn write_at(&self, octets: &[u8], offset: usize) -> io::Result<()> {
        self.pend(Pending::Octets(offset, octets.to_vec()))
    }

    fn flush(&self) -> io::Result<()> {
        self.flush()
    }
}

impl StorageBackend for Part {
    fn len(&self) -> io::Result<u64> {
        Ok(self.power.lock().files[self.file].seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        let state = self.power.lock();
        let octets = state.files[self.file].seen.get(offset..offset + out.len());
        out.copy_from_slice(octets.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.pend(Pending::Length(usize::try_from(length).map_err(io::Error::other)?))
    }

    /// Slow, so that the log goes on while the file gets what it had.
    fn sync_data(&self) -> io::Result<()> {
        thread::sleep(Duration::from_micros(500));
        self.flush()
    }

    fn write(&self, offset: u64, octets: &[u8]) -> io::Result<()> {
        self.pend(Pending::Octets(usize::try_from(offset).map_err(io::Error::other)?, octets.to_vec()))
    }
}

impl Disk for Power {
    fn database(&self, builder: &Builder) -> Result<Database, DatabaseError> {
        builder.create_with_backend(self.part(0))
    }

    fn has_log(&self) -> bool {
        true
    }

    fn log(&self) -> io::Result<Box<dyn Medium>> {
        Ok(Box::new(self.part(1)))
    }
}

/// Writes the same number into two tables, one number after the other, until the power is lost.
/// The file gets what the log has several times meanwhile, and some of the writes are larger than
/// the log. Returns the last number that was acknowledged, and how many operations the power
/// allowed.
async fn count(power: &Power, path: &Path) -> (Option<usize>, usize) {
    let mut acknowledged = None;
    if let Ok(store) = open(power, path) {
        for number in 0..NUMBERS {
            if set(&store, number).await.is_err() {
                break;
            }
            acknowledged = Some(number);
        }
    }
    let done = power.lock().done;
    (acknowledged, done)
}

/// The path is that of the reserve alone.
fn open(power: &Power, path: &Path) -> Result<EmbeddedStore, super::OpenError> {
    let pace = Pace { longest: Duration::from_millis(1), most: 4 };
    EmbeddedStore::open_on(|| Box::new(power.clone()), path, pace, EngineOptions::default())
}

async fn set(store: &EmbeddedStore, number: usize) -> Result<(), StoreError> {
    let write = store.write(move |batch| {
        for table in TABLES {
            batch.put(table, "number", number.to_string().as_bytes());
        }
        let length = if number % 8 == 7 { LOG } else { 64 };
        batch.set(table::META, &filler(number), &vec![0; length]);
        Ok(())
    });
    write.await
}

fn number(store: &EmbeddedStore) -> Option<usize> {
    let [one, other] = TABLES.map(|table| {
        let text = |row: &[u8]| Ok(String::from_utf8_lossy(row).into_owned());
        store.read(|snapshot| snapshot.row(table, "number", text)).unwrap()
    });
    assert_eq!(one, other, "a write is there as a whole or not at all");
    let last = one.map(|number| number.parse().unwrap());
    let present = |number: usize| store.read(|snapshot| snapshot.row(table::META, &filler(number), |_| Ok(())));
    let missing = (0..last.map_or(0, |last| last + 1)).filter(|&number| present(number).unwrap().is_none());
    // The number that is set after the loss of power comes after some that were never set.
    assert!(last == Some(AFTERWARDS) || missing.count() == 0, "the rows of earlier writes are there, too");
    last
}

fn filler(number: usize) -> String {
    format!("filler {number}")
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_loss_of_power_at_any_operation_of_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    // The file of a new store gets its name when it is whole.
    let new = Power::new(State { left: usize::MAX, ..State::default() });
    drop(open(&new, &path).unwrap());
    let new = State { done: 0, ..new.lock().clone() };
    let (last, operations) = count(&Power::new(new.clone()), &path).await;
    assert_eq!(last, Some(NUMBERS - 1));
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed >> 32
    };
    let mut survived = 0;
    for left in 0..operations {
        let power = Power::new(State { left, ..new.clone() });
        let (acknowledged, _) = count(&power, &path).await;
        let power = Power::new(power.after_the_loss(&mut random));
        let store = open(&power, &path).unwrap_or_else(|error| panic!("after {left} operations: {error:?}"));
        let found = number(&store);
        let most = acknowledged.map_or(0, |number| number + 1);
        assert!(found >= acknowledged && found.unwrap_or(0) <= most, "{left}: {found:?} {acknowledged:?}");
        survived += usize::from(found.is_some());
        set(&store, AFTERWARDS).await.unwrap();
        drop(store);
        assert_eq!(number(&open(&power, &path).unwrap()), Some(AFTERWARDS), "after {left} operations, and a stop");
    }
    assert!(survived > operations / 3, "{survived} of {operations}");
}

const TABLES: [table::TableName; 2] = [table::BLOCKED_KEY, table::ORDER];
const NUMBERS: usize = 20;
const AFTERWARDS: usize = 100;
const LOG: usize = 16 << 10;
/// The octets that a disk writes as one.
const SECTOR: usize = 512;
