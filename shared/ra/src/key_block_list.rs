//! A list of keys whose private keys others can have, in the format of badkeys: records of sixteen
//! octets, sorted; fifteen are [`PublicKey::bkhash120`], and the last one says where the key comes
//! from. Hashes are spread evenly, so a key is found where its hash says that it should be.

use std::{
    fs::File,
    io,
    ops::Range,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use jose::PublicKey;

/// A file with such a list. It is opened for each key, so that another file may take its place at
/// any time.
#[derive(Clone, Debug)]
pub struct KeyBlockList {
    path: PathBuf,
}

/// Why a list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyBlockListError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// Where it is, or should be.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file is no such list.
    #[error("{path} is no list of keys in the format of badkeys: {reason}")]
    Malformed {
        /// Where it is.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
}

/// What a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyBlockListFacts {
    /// The number of keys.
    pub keys: u64,
    /// When the file was written last; `None` if its folder does not say.
    pub written_at: Option<Timestamp>,
}

impl KeyBlockList {
    /// The list in this file.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The list in this file, after all of it was read.
    ///
    /// # Errors
    /// The file cannot be read, or is no such list.
    pub async fn checked(path: PathBuf) -> Result<Self, KeyBlockListError> {
        let list = Self::new(path);
        list.facts().await?;
        Ok(list)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the key comes from, by the number that the list gives to its sources; `None` if it is
    /// not on the list. At most three parts of the file are read.
    ///
    /// # Errors
    /// The file cannot be read, or is no such list.
    pub async fn source_of(&self, key: &PublicKey) -> Result<Option<u8>, KeyBlockListError> {
        let hash = key.bkhash120();
        self.aside(move |list| list.source(&hash)).await
    }

    /// Reads the whole list.
    ///
    /// # Errors
    /// The file cannot be read, or is no such list.
    pub async fn facts(&self) -> Result<KeyBlockListFacts, KeyBlockListError> {
        self.aside(Self::check).await
    }

    /// Reads where waiting for a disk holds up no request.
    async fn aside<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Self) -> Result<T, KeyBlockListError> + Send + 'static,
    ) -> Result<T, KeyBlockListError> {
        let list = self.clone();
        let read = tokio::task::spawn_blocking(move || read(&list)).await;
        read.unwrap_or_else(|error| Err(self.unreadable(io::Error::other(error))))
    }

    fn source(&self, hash: &[u8; HASH]) -> Result<Option<u8>, KeyBlockListError> {
        let (file, records) = self.open()?;
        let mut left = Bracket { records: 0..records, lowest: 0, highest: u64::MAX };
        for read in 1..=READS {
            let window = if read < READS { left.window(hash) } else { left.records.clone() };
            if window.end - window.start > LARGEST {
                return Err(self.malformed("its hashes are not spread evenly"));
            }
            match left.look(&self.read(&file, window.clone())?, window, hash) {
                Look::Found(source) => return Ok(Some(source)),
                Look::Absent => return Ok(None),
                Look::Elsewhere(rest) => left = rest,
            }
        }
        Ok(None)
    }

    fn check(&self) -> Result<KeyBlockListFacts, KeyBlockListError> {
        let (file, records) = self.open()?;
        let mut last: Option<Vec<u8>> = None;
        let mut at = 0;
        while at < records {
            let window = at..records.min(at + LARGEST);
            at = window.end;
            let octets = self.read(&file, window)?;
            // The same key may have several sources, in any order.
            let mut hashes = octets.chunks_exact(RECORD).map(|record| record.get(..HASH));
            if !hashes.clone().is_sorted() || octets.get(..HASH) < last.as_deref() {
                return Err(self.malformed("it is not sorted"));
            }
            last = hashes.next_back().flatten().map(<[u8]>::to_vec);
        }
        let written_at = file.metadata().and_then(|metadata| metadata.modified()).ok();
        Ok(KeyBlockListFacts { keys: records, written_at: written_at.and_then(|at| at.try_into().ok()) })
    }

    fn open(&self) -> Result<(File, u64), KeyBlockListError> {
        let file = File::open(&self.path).map_err(|source| self.unreadable(source))?;
        let octets = file.metadata().map_err(|source| self.unreadable(source))?.len();
        match (octets / RECORD as u64, octets % RECORD as u64) {
            (0, 0) => Err(self.malformed("it is empty")),
            (records, 0) => Ok((file, records)),
            _ => Err(self.malformed("its size is no multiple of 16 octets")),
        }
    }

    fn read(&self, file: &File, window: Range<u64>) -> Result<Vec<u8>, KeyBlockListError> {
        let length = usize::try_from(window.end - window.start).unwrap_or_default() * RECORD;
        let mut octets = vec![0; length];
        let read = file.read_exact_at(&mut octets, window.start * RECORD as u64);
        read.map_err(|source| self.unreadable(source))?;
        Ok(octets)
    }

    fn unreadable(&self, source: io::Error) -> KeyBlockListError {
        KeyBlockListError::Unreadable { path: self.path.clone(), source }
    }

    fn malformed(&self, reason: &'static str) -> KeyBlockListError {
        KeyBlockListError::Malformed { path: self.path.clone(), reason }
    }
}

/// The part of a list in which a hash can be.
struct Bracket {
    records: Range<u64>,
    /// The first octets of the hash before it, as a number.
    lowest: u64,
    /// The first octets of the hash after it.
    highest: u64,
}

/// What some records say about a hash.
enum Look {
    /// It is there, with this source.
    Found(u8),
    /// It is not on the list.
    Absent,
    /// It can only be here.
    Elsewhere(Bracket),
}

impl Bracket {
    /// The records around the place at which the hash should be.
    fn window(&self, hash: &[u8; HASH]) -> Range<u64> {
        let Range { start, end } = self.records;
        let share = u128::from(leading(hash).saturating_sub(self.lowest)) * u128::from(end - start)
            / (u128::from(self.highest.saturating_sub(self.lowest)) + 1);
        let middle = start.saturating_add(u64::try_from(share).unwrap_or(u64::MAX)).min(end);
        middle.saturating_sub(WINDOW / 2).max(start)..middle.saturating_add(WINDOW / 2).min(end)
    }

    /// Looks for the hash among the records of `window`.
    fn look(&self, octets: &[u8], window: Range<u64>, hash: &[u8; HASH]) -> Look {
        let records: Vec<&[u8]> = octets.chunks_exact(RECORD).collect();
        let Range { start, end } = self.records;
        let (lowest, highest) = (self.lowest, self.highest);
        match (records.binary_search_by(|record| record.iter().take(HASH).cmp(hash)), &records[..]) {
            (Ok(found), _) => {
                records.get(found).and_then(|record| record.last()).map_or(Look::Absent, |source| Look::Found(*source))
            }
            (Err(0), [first, ..]) if window.start > start => {
                Look::Elsewhere(Self { records: start..window.start, lowest, highest: leading(first) })
            }
            (Err(after), [.., last]) if after == records.len() && window.end < end => {
                Look::Elsewhere(Self { records: window.end..end, lowest: leading(last), highest })
            }
            _ => Look::Absent,
        }
    }
}

/// The first octets, as a number.
fn leading(octets: &[u8]) -> u64 {
    octets.first_chunk().map_or(0, |octets| u64::from_be_bytes(*octets))
}

/// Octets of a record, and of the hash at its beginning.
const RECORD: usize = 16;
const HASH: usize = 15;
/// How often a part of the file is read at most: most keys are found, or not, by the first.
const READS: usize = 3;
/// Records that are read at once: 32 KiB.
const WINDOW: u64 = 2048;
/// The largest part that is read: one MiB.
const LARGEST: u64 = 65_536;

#[cfg(test)]
mod tests {
    use std::fs;

    use aws_lc_rs::digest::{SHA256, digest};

    use super::*;

    /// A list of these hashes, in a folder of its own.
    fn list(hashes: &[[u8; HASH]]) -> (tempfile::TempDir, KeyBlockList) {
        let mut records: Vec<_> = hashes.iter().map(|hash| [&hash[..], &[7]].concat()).collect();
        records.sort();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blocklist.dat");
        fs::write(&path, records.concat()).unwrap();
        (folder, KeyBlockList::new(path))
    }

    fn hash(number: u32) -> [u8; HASH] {
        *digest(&SHA256, &number.to_be_bytes()).as_ref().first_chunk().unwrap()
    }

    impl KeyBlockList {
        fn has(&self, hash: &[u8; HASH]) -> bool {
            self.source(hash).unwrap() == Some(7)
        }
    }

    #[test]
    fn threat_23_each_key_of_a_list_is_found_and_no_other_one_is() {
        for keys in [1, 2, 100, 2_047, 2_048, 2_049, 300_000] {
            let hashes: Vec<_> = (0..keys).map(hash).collect();
            let (_folder, list) = list(&hashes);
            let step = usize::try_from(keys / 1_000 + 1).unwrap();
            for known in hashes.iter().step_by(step) {
                assert!(list.has(known));
            }
            for unknown in (keys..keys + 1_000).map(hash).chain([[0; HASH], [0xff; HASH]]) {
                assert!(!list.has(&unknown), "{keys} keys");
            }
            assert_eq!(list.check().unwrap().keys, u64::from(keys));
        }
    }

    #[test]
    fn what_is_no_such_list_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blocklist.dat");
        let list = KeyBlockList::new(path.clone());
        assert!(list.check().unwrap_err().to_string().contains("No such file"));
        let reverse: Vec<u8> = [[9; RECORD], [1; RECORD]].concat();
        for (content, says) in [
            (&b""[..], "it is empty"),
            (b"# a text", "its size is no multiple of 16 octets"),
            (&reverse, "it is not sorted"),
        ] {
            fs::write(&path, content).unwrap();
            assert!(list.check().unwrap_err().to_string().ends_with(says));
        }
        let twice: Vec<u8> = [[5; HASH].as_slice(), &[9], &[5; HASH], &[1]].concat();
        fs::write(&path, twice).unwrap();
        assert_eq!(list.check().unwrap().keys, 2, "one key with two sources");
        // Everything is at one end: nothing is found by where it should be.
        let uneven: Vec<u8> =
            (0..400_000u64).flat_map(|number| [&number.to_be_bytes()[..], &[0; 8]].concat()).collect();
        fs::write(&path, uneven).unwrap();
        let middle: [u8; HASH] = [&200_000u64.to_be_bytes()[..], &[1; 7]].concat().try_into().unwrap();
        assert!(list.source(&middle).unwrap_err().to_string().ends_with("not spread evenly"));
    }
}
