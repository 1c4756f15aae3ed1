//! What is counted, and where: counters with one or more parts.
//!
//! All requests of a profile count at the counters of the profile, thousands a second, while an
//! item of a database takes about a thousand writes a second. A counter of a profile therefore has
//! parts: one for each thousand of its maximum or fraction of it, at most 64. Each part has a share
//! of the maximum. The shares add up to the maximum, and no part ever counts above its share, so
//! the sum never exceeds the maximum. A request is only refused when every part is full, so it is
//! never refused below the maximum.

use std::fmt;

use acme::{AccountId, ExternalAccountKeyId};
use authority::random;
use jiff::Timestamp;
use store::{Limit, LimitWindow};

use super::LimitReached;
use crate::{Directory, Error};

/// Something to be counted.
#[derive(Clone, Debug)]
pub(crate) struct Count {
    name: &'static str,
    limit: Option<Limit>,
    subject: Subject,
    amount: u32,
}

/// The subject that a limit applies to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// Everyone who uses the profile.
    Profile,
    /// One account, whatever it orders.
    Account(AccountId),
    /// All accounts that an external account key binds.
    ExternalAccount(ExternalAccountKeyId),
    /// Exactly these identifiers, as the text of [`super::set_of_names`].
    Names(String),
    /// A registered domain.
    Domain(String),
}

impl Count {
    /// One more by the account.
    pub(crate) fn of_account(name: &'static str, limit: Option<Limit>, account: AccountId) -> Self {
        Self { name, limit, subject: Subject::Account(account), amount: 1 }
    }

    /// One more by an account that the key binds.
    pub(crate) fn of_external_account(name: &'static str, limit: Option<Limit>, key: ExternalAccountKeyId) -> Self {
        Self { name, limit, subject: Subject::ExternalAccount(key), amount: 1 }
    }

    /// One more for these names.
    pub(crate) fn of_names(name: &'static str, limit: Option<Limit>, names: String) -> Self {
        Self { name, limit, subject: Subject::Names(names), amount: 1 }
    }

    /// One more with an identifier in the registered domain.
    pub(crate) fn of_domain(name: &'static str, limit: Option<Limit>, domain: String) -> Self {
        Self { name, limit, subject: Subject::Domain(domain), amount: 1 }
    }

    /// One more in the whole profile.
    pub(crate) fn of_profile(name: &'static str, limit: Option<Limit>) -> Self {
        Self { name, limit, subject: Subject::Profile, amount: 1 }
    }

    /// Whether it counts against the limit of that name.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name == name
    }

    /// Several at once; zero counts nothing.
    pub(crate) fn times(self, amount: usize) -> Self {
        Self { amount: u32::try_from(amount).unwrap_or(u32::MAX), ..self }
    }

    /// The counter of the current window; `None` if there is no limit.
    pub(crate) fn counter(&self, serving: &Directory, now: Timestamp) -> Option<Counter> {
        let limit = self.limit.filter(|_| self.amount > 0)?;
        let subject = self.subject.text();
        let parts = match &self.subject {
            Subject::Profile => limit.maximum.div_ceil(MAX_PER_PART).clamp(1, MAX_PARTS),
            _ => 1,
        };
        let (share, rest) = (limit.maximum / parts, limit.maximum % parts);
        let profile = &serving.acme.name;
        let parts = (0..parts).map(|number| {
            // The first part of a profile's counter has an empty name, the others have their
            // numbers.
            let subject = if number == 0 { subject.clone() } else { number.to_string() };
            Part {
                window: LimitWindow::containing(now, limit.window, format!("{profile}#{}#{subject}", self.name)),
                share: share + u32::from(number < rest),
            }
        });
        Some(Counter { name: self.name, limit, of: self.subject.clone(), amount: self.amount, parts: parts.collect() })
    }
}

impl Subject {
    /// The text for the subject in keys and events.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Profile => String::new(),
            Self::Account(account) => account.to_string(),
            Self::ExternalAccount(key) => key.to_string(),
            Self::Names(names) => names.clone(),
            Self::Domain(domain) => domain.clone(),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Profile => f.write_str("the profile"),
            Self::Account(_) => f.write_str("the account"),
            Self::ExternalAccount(_) => f.write_str("its external account"),
            Self::Names(_) => f.write_str("these names"),
            Self::Domain(domain) => f.write_str(domain),
        }
    }
}

/// A counter in a window, with the amount to be counted there.
#[derive(Clone, Debug)]
pub(crate) struct Counter {
    pub(super) name: &'static str,
    pub(super) limit: Limit,
    pub(super) of: Subject,
    pub(super) amount: u32,
    pub(super) parts: Vec<Part>,
}

/// A part of a counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The window that the store counts.
    pub(super) window: LimitWindow,
    /// The maximum of this part.
    pub(super) share: u32,
}

impl Part {
    /// Whether the part has room for `amount` more when `used` are counted.
    pub(super) fn has_room(&self, used: u32, amount: u32) -> bool {
        used.saturating_add(amount) <= self.share
    }

    /// Whether less than half is used, so that the part need not be read before it is counted.
    pub(super) fn has_ample_room(&self, used: u32, amount: u32) -> bool {
        used.saturating_add(amount) <= self.share / 2
    }
}

impl Counter {
    /// The error that all parts are full.
    pub(super) fn reached(&self, now: Timestamp) -> LimitReached {
        let ends_at = self.parts.first().map_or(now, |part| part.window.ends_at());
        let wait = ends_at.duration_since(now).as_secs().saturating_add(1);
        LimitReached {
            name: self.name,
            domain: match &self.of {
                Subject::Domain(domain) => Some(domain.clone()),
                _ => None,
            },
            maximum: self.limit.maximum,
            window: self.limit.window,
            retry_after: u32::try_from(wait).unwrap_or(1).max(1),
        }
    }
}

/// The parts in rotation, starting with a random one.
pub(super) fn shuffled(mut parts: Vec<Part>) -> Result<Vec<Part>, Error> {
    if parts.len() > 1 {
        let turn = usize::from(u16::from_be_bytes(random()?)) % parts.len();
        parts.rotate_left(turn);
    }
    Ok(parts)
}

/// The number of writes a second that an item takes; no window is shorter than a second.
const MAX_PER_PART: u32 = 1_000;

/// The number of items that can be read in one batch.
const MAX_PARTS: u32 = 64;

#[cfg(test)]
mod tests {
    use acme::{DirectoryId, Family};
    use jiff::SignedDuration;
    use store::{AcmeProfile, RaProfile};

    use super::*;

    fn counter(count: &Count, now: Timestamp) -> Counter {
        let name = "web".parse().unwrap();
        let directory = DirectoryId { family: Family::AcmeProfile, name };
        let acme = AcmeProfile::new("web".parse().unwrap());
        let ra = RaProfile::new("web".parse().unwrap(), "issuing".parse().unwrap());
        let offered = Default::default();
        let serving = Directory { directory, acme, ra, offered, counts_unvalidated: false };
        count.counter(&serving, now).unwrap()
    }

    fn of_profile(maximum: u32) -> Counter {
        let limit = Some(Limit { maximum, window: 60 });
        counter(&Count::of_profile("newOrders", limit), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn the_shares_of_the_parts_add_up_to_the_maximum() {
        for maximum in [1, 2, 999, 1_000, 1_001, 1_999, 12_345, 64_000, 64_001, 1_000_000, u32::MAX] {
            let parts = of_profile(maximum).parts;
            assert_eq!(parts.iter().map(|part| u64::from(part.share)).sum::<u64>(), u64::from(maximum));
            let shares = parts.iter().map(|part| part.share);
            assert!(shares.clone().max().unwrap() - shares.min().unwrap() <= 1, "{maximum}: equal shares");
        }
    }

    #[test]
    fn a_small_counter_has_one_part_and_a_large_one_many_each_with_a_name_of_its_own() {
        for (maximum, parts) in [(1, 1), (1_000, 1), (1_001, 2), (10_000, 10), (64_000, 64), (1_000_000, 64)] {
            let counter = of_profile(maximum);
            let keys: std::collections::BTreeSet<_> = counter.parts.iter().map(|part| &part.window.key).collect();
            assert_eq!((counter.parts.len(), keys.len()), (parts, parts), "{maximum}");
        }
        let limit = Some(Limit { maximum: 1_000_000, window: 60 });
        let domain = Count::of_domain("newOrdersPerRegisteredDomain", limit, "example.com".to_owned());
        assert_eq!(counter(&domain, Timestamp::UNIX_EPOCH).parts.len(), 1, "what one subject does goes to one item");
    }

    #[test]
    fn the_time_to_wait_is_never_nothing_and_never_too_short() {
        let limit = Some(Limit { maximum: 3, window: 60 });
        for (milliseconds, wait) in [(0, 61), (59_999, 1), (60_000, 61), (59_000, 2)] {
            let now = Timestamp::UNIX_EPOCH + SignedDuration::from_millis(milliseconds);
            let counter = counter(&Count::of_profile("newOrders", limit), now);
            assert_eq!(counter.reached(now).retry_after, wait, "{milliseconds}");
        }
    }
}
