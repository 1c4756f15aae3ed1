//! The two spools of a data folder: one for what happens at the CA, and one for what anyone may
//! cause, who can displace and delay nothing but that.

use std::{io, path::Path};

use acme::Event;
use authority::EventSink;

use super::spool::{Counts, DeliveryOutcome, Spool, Waiting};

/// The spools of one data folder.
pub(crate) struct Spools {
    of_ca: Spool,
    of_anyone: Spool,
}

/// The oldest event of one of the spools.
pub(crate) struct Next<'a> {
    pub(crate) waiting: Waiting,
    spool: &'a Spool,
}

impl Spools {
    /// Opens the spools, and creates them if they do not exist.
    ///
    /// # Errors
    /// A folder cannot be read or written.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        Self::with_bounds(folder, MEBIBYTE, MOST_OF_CA, MOST_OF_ANYONE)
    }

    /// Opens the spools if they exist because there was a webhook before.
    ///
    /// # Errors
    /// As [`Spools::open`].
    pub(crate) fn open_existing(folder: &Path) -> io::Result<Option<Self>> {
        folder.is_dir().then(|| Self::open(folder)).transpose()
    }

    fn with_bounds(folder: &Path, longest: u64, of_ca: u64, of_anyone: u64) -> io::Result<Self> {
        let of_ca = Spool::open(folder, longest, of_ca, "the CA")?;
        let of_anyone = Spool::open(&folder.join(OF_ANYONE), longest, of_anyone, "anyone")?;
        Ok(Self { of_ca, of_anyone })
    }

    /// The events of both.
    pub(crate) fn counts(&self) -> Counts {
        let (of_ca, of_anyone) = (self.of_ca.counts(), self.of_anyone.counts());
        Counts {
            waiting: of_ca.waiting + of_anyone.waiting,
            given_up: of_ca.given_up + of_anyone.given_up,
            lost: of_ca.lost + of_anyone.lost,
        }
    }

    /// The event to deliver next, if any: the oldest of the CA before all of anyone. It stays in
    /// its spool.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn next(&self) -> io::Result<Option<Next<'_>>> {
        for spool in [&self.of_ca, &self.of_anyone] {
            if let Some(waiting) = spool.oldest()? {
                return Ok(Some(Next { waiting, spool }));
            }
        }
        Ok(None)
    }

    /// Waits until an event has been appended since the last call.
    pub(crate) async fn news(&self) {
        tokio::select! {
            () = self.of_ca.news() => {}
            () = self.of_anyone.news() => {}
        }
    }
}

impl Next<'_> {
    /// Marks the event as finished.
    ///
    /// # Errors
    /// The mark cannot be written: the event may be delivered again.
    pub(crate) fn finish(&self, outcome: DeliveryOutcome) -> io::Result<()> {
        self.spool.finish(&self.waiting, outcome)
    }
}

impl EventSink for Spools {
    fn take(&self, event: &Event) {
        if event.what.is_of_anyone() { self.of_anyone.take(event) } else { self.of_ca.take(event) }
    }
}

/// The folder of the second spool, in that of the first.
const OF_ANYONE: &str = "anyone";

/// The maximum size of a file, and the maximum number of files of each spool.
const MEBIBYTE: u64 = 1 << 20;
const MOST_OF_CA: u64 = 48;
const MOST_OF_ANYONE: u64 = 16;

#[cfg(test)]
mod tests {
    use acme::{AccountFacts, EventKind};
    use jiff::Timestamp;
    use tempfile::TempDir;

    use super::*;

    fn event(number: u8, what: EventKind) -> Event {
        Event::new(Timestamp::from_second(i64::from(number)).unwrap(), [number; 10], what)
    }

    fn of_ca(number: u8) -> Event {
        event(number, EventKind::Test { actor: number.to_string() })
    }

    fn of_anyone(number: u8) -> Event {
        let directory = "default".parse().unwrap();
        let account = "00000000000000000000000000".parse().unwrap();
        event(number, EventKind::AccountCreated(AccountFacts { directory, account, actor: None }))
    }

    fn all(spools: &Spools) -> Vec<Event> {
        let next = || {
            let next = spools.next().unwrap()?;
            next.finish(DeliveryOutcome::Delivered).unwrap();
            Some(serde_json::from_slice(&next.waiting.document).unwrap())
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn sl11_what_anyone_causes_displaces_and_delays_nothing_of_the_ca() {
        let folder = TempDir::new().unwrap();
        let length = serde_json::to_vec(&of_anyone(10)).unwrap().len() as u64 + 1;
        let spools = Spools::with_bounds(folder.path(), length, 4, 2).unwrap();
        (10..13).for_each(|number| spools.take(&of_ca(number)));
        (20..120).for_each(|number| spools.take(&of_anyone(number)));
        assert_eq!(spools.counts(), Counts { waiting: 5, given_up: 0, lost: 98 });
        drop(spools);
        let spools = Spools::with_bounds(folder.path(), length, 4, 2).unwrap();
        spools.take(&of_ca(13));
        // A restart begins a new file, for which the oldest makes room once more.
        let left = [10, 11, 12, 13].map(of_ca).into_iter().chain([of_anyone(118), of_anyone(119)]);
        assert_eq!(all(&spools), left.collect::<Vec<_>>());
    }

    #[test]
    fn a_spool_is_there_only_when_a_webhook_was_set_once() {
        let folder = TempDir::new().unwrap();
        let folder = folder.path().join("events");
        assert!(Spools::open_existing(&folder).unwrap().is_none());
        drop(Spools::open(&folder).unwrap());
        assert!(Spools::open_existing(&folder).unwrap().is_some());
    }
}
