//! Limits: how often an account, a key of an external account or a whole profile may do something.
//!
//! What is limited is counted when everything else about the request is good, the narrowest limit first.
//! A counter that was found full stays full until its window ends, which is remembered: a client that
//! goes on costs one refused write for each process, then nothing.

use std::collections::HashMap;

use acme::{Account, Identifier};
use aws_lc_rs::digest;
use jiff::Timestamp;
use jose::base64url;
use store::{CertificateState, Counted, Limit, LimitWindow, Limits, OperationId};
use tokio::sync::RwLock;

use crate::{Authority, Error, Serving, random};

/// A limit that is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the limit {name} is reached: {maximum} in {window} seconds")]
pub struct LimitReached {
    /// The name of its field in the profile.
    pub name: &'static str,
    /// How often within a window.
    pub maximum: u32,
    /// The window, in seconds.
    pub window: u32,
    /// In how many seconds the next window begins; at least one.
    pub retry_after: u32,
}

/// What is to be counted.
pub(crate) struct Count {
    name: &'static str,
    limit: Option<Limit>,
    subject: String,
    amount: u32,
}

impl Count {
    /// One more of what has that limit, for the subject; of a whole profile it is empty.
    pub(crate) fn new(name: &'static str, limit: Option<Limit>, subject: impl ToString) -> Self {
        Self { name, limit, subject: subject.to_string(), amount: 1 }
    }

    /// Several at once.
    pub(crate) fn times(self, amount: usize) -> Self {
        Self { amount: u32::try_from(amount).unwrap_or(u32::MAX), ..self }
    }

    /// A validation that failed.
    pub(crate) fn failed_validation(limits: &Limits, account: &impl ToString) -> Self {
        Self::new("failedValidationsPerAccount", limits.failed_validations_per_account, account.to_string())
    }

    fn window(&self, serving: &Serving, limit: Limit, now: Timestamp) -> LimitWindow {
        let Self { name, subject, .. } = self;
        LimitWindow::containing(now, limit.window, format!("{}#{name}#{subject}", serving.acme.name))
    }

    fn reached(&self, limit: Limit, retry_at: Timestamp, now: Timestamp) -> LimitReached {
        let wait = retry_at.duration_since(now).as_secs().saturating_add(1);
        let retry_after = u32::try_from(wait).unwrap_or(1).max(1);
        LimitReached { name: self.name, maximum: limit.maximum, window: limit.window, retry_after }
    }
}

/// Counters that were found full: by what was asked of them, until when.
#[derive(Default)]
pub(crate) struct FullCounters(RwLock<HashMap<(LimitWindow, u32), FullFor>>);

/// A counter that had no room for so many.
struct FullFor {
    amount: u32,
    until: Timestamp,
}

impl FullCounters {
    async fn until(&self, window: &LimitWindow, maximum: u32, amount: u32) -> Option<Timestamp> {
        let full = self.0.read().await;
        full.get(&(window.clone(), maximum)).filter(|full| full.amount <= amount).map(|full| full.until)
    }

    async fn remember(&self, window: LimitWindow, maximum: u32, amount: u32, until: Timestamp, now: Timestamp) {
        let mut full = self.0.write().await;
        if full.len() >= MOST_REMEMBERED {
            full.retain(|_, full| full.until > now);
        }
        if full.len() < MOST_REMEMBERED {
            full.insert((window, maximum), FullFor { amount, until });
        }
    }
}

impl Authority {
    /// Counts what a request is about to do.
    ///
    /// # Errors
    /// [`Error::LimitReached`] with the first limit that is; those before it have counted the request.
    pub(crate) async fn count(&self, serving: &Serving, counts: &[Count]) -> Result<(), Error> {
        let now = self.now();
        let limited =
            || counts.iter().filter_map(|count| Some((count, count.limit?))).filter(|(count, _)| count.amount > 0);
        for (count, limit) in limited() {
            let window = count.window(serving, limit, now);
            if let Some(until) = self.full_counters.until(&window, limit.maximum, count.amount).await {
                return Err(count.reached(limit, until, now).into());
            }
        }
        for (count, limit) in limited() {
            let window = count.window(serving, limit, now);
            let operation = OperationId::from_random(random()?);
            match self.store.count(&window, count.amount, limit.maximum, operation).await? {
                Counted::Within { .. } => {}
                Counted::Over { retry_at } => {
                    let reached = count.reached(limit, retry_at, now);
                    tracing::warn!(profile = %serving.acme.name, limit = count.name, subject = count.subject, "a limit is reached");
                    self.full_counters.remember(window, limit.maximum, count.amount, retry_at, now).await;
                    return Err(reached.into());
                }
            }
        }
        Ok(())
    }

    /// Whether a counter has room, without counting.
    ///
    /// # Errors
    /// [`Error::LimitReached`] when it is full.
    pub(crate) async fn check_room(&self, serving: &Serving, count: &Count) -> Result<(), Error> {
        let Some(limit) = count.limit else { return Ok(()) };
        let now = self.now();
        let window = count.window(serving, limit, now);
        match self.store.counted(&window).await? < limit.maximum {
            true => Ok(()),
            false => Err(count.reached(limit, window.ends_at(), now).into()),
        }
    }

    /// Whether the account has a certificate in good standing for exactly these names, so that another one
    /// renews it. Asked only when a limit is reached.
    pub(crate) async fn renews(&self, account: &Account, names: &[Identifier]) -> Result<bool, Error> {
        let Some(first) = names.first() else { return Ok(false) };
        let found = self.store.certificates_by_name(first, None, MOST_LOOKED_AT).await?;
        for entry in found.items {
            let Some(record) = self.store.certificate(&entry.id).await? else { continue };
            if record.account == Some(account.id)
                && matches!(record.state, CertificateState::Issued { .. })
                && record.revocation.is_none()
                && record.identifiers.len() == names.len()
                && record.identifiers.iter().all(|name| names.contains(name))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// What stands for a set of names, in whatever order they come.
pub(crate) fn set_of_names(names: &[Identifier]) -> String {
    let mut names: Vec<String> = names.iter().map(ToString::to_string).collect();
    names.sort_unstable();
    base64url::encode(digest::digest(&digest::SHA256, names.join(" ").as_bytes()).as_ref())
}

const MOST_REMEMBERED: usize = 10_000;

/// How many of the certificates for a name are looked at; those that end last come first.
const MOST_LOOKED_AT: usize = 10;

#[cfg(test)]
mod tests {
    use acme::IdentifierObject;

    use super::*;

    fn dns(name: &str) -> Identifier {
        IdentifierObject { r#type: "dns".to_owned(), value: name.to_owned() }.try_into().unwrap()
    }

    #[test]
    fn a_set_of_names_has_no_order() {
        let set = |names: &[&str]| set_of_names(&names.iter().map(|name| dns(name)).collect::<Vec<_>>());
        assert_eq!(set(&["a.test", "b.test"]), set(&["b.test", "a.test"]));
        assert_ne!(set(&["a.test"]), set(&["a.test", "b.test"]));
        assert_ne!(set(&["a.test"]), set(&["*.a.test"]));
    }

    #[test]
    fn the_time_to_wait_is_never_nothing_and_never_too_short() {
        let at = |millisecond| Timestamp::from_millisecond(millisecond).unwrap();
        let limit = Limit { maximum: 3, window: 60 };
        let count = Count::new("newOrders", Some(limit), "");
        for (now, wait) in [(0, 61), (59_999, 1), (60_000, 1), (59_000, 2)] {
            assert_eq!(count.reached(limit, at(60_000), at(now)).retry_after, wait, "{now}");
        }
    }
}
