//! The webhook: events are spooled, and one task delivers them with retries, those of the CA before
//! those that anyone may cause, and each kind in order.
//!
//! No request waits for a delivery. A failing receiver can delay and eventually lose events, and
//! has no other effect.

mod client;
mod secret;
mod spool;
mod spools;

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use acme::Event;
use admin::WebhookStatus;
use authority::{Clock, OnceAMinute};
use jiff::{SignedDuration, Timestamp};
use tokio::time;

use self::{
    client::Client,
    secret::Secret,
    spool::{Counts, DeliveryOutcome, Waiting},
    spools::Next,
};
use crate::{StartError, config::WebhookConfig, data_folder::DataFolder};

pub(crate) use spools::Spools;

/// A running webhook.
pub(crate) struct Webhook {
    spools: Arc<Spools>,
    client: Client,
    clock: Arc<dyn Clock>,
    trouble: Mutex<Option<Trouble>>,
    undelivered: OnceAMinute,
    given_up: OnceAMinute,
    unmarked: OnceAMinute,
}

/// The present delivery failure.
#[derive(Clone)]
struct Trouble {
    since: Timestamp,
    reason: String,
}

impl Webhook {
    /// Opens the spool and the secret in the data folder. Nothing is delivered yet.
    ///
    /// # Errors
    /// One of the files cannot be used.
    pub(crate) fn open(config: &WebhookConfig, data: &DataFolder, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let failed = |path: &Path, reason: String| StartError::Webhook { path: path.to_owned(), reason };
        let (secret_path, spool_path) = (data.file(SECRET), data.file(SPOOL));
        let secret = match &config.secret_file {
            Some(path) => Secret::read(path).map_err(|error| failed(path, error.to_string()))?,
            None => Secret::ensure(&secret_path).map_err(|error| failed(&secret_path, error.to_string()))?,
        };
        let client = Client::new(config.url.clone(), secret, config.networks.clone(), config.ca_file.as_deref());
        let client = client
            .map_err(|error| failed(config.ca_file.as_deref().unwrap_or(Path::new("roots")), error.to_string()))?;
        let spools = Spools::open(&spool_path).map_err(|error| failed(&spool_path, error.to_string()))?;
        Ok(Self {
            spools: Arc::new(spools),
            client,
            clock,
            trouble: Mutex::default(),
            undelivered: OnceAMinute::new(),
            given_up: OnceAMinute::new(),
            unmarked: OnceAMinute::new(),
        })
    }

    /// The spools for new events.
    pub(crate) fn spools(&self) -> Arc<Spools> {
        self.spools.clone()
    }

    /// The status for operators.
    pub(crate) fn status(&self) -> WebhookStatus {
        let Counts { waiting, given_up, lost } = self.spools.counts();
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
        WebhookStatus {
            receiver: self.client.origin(),
            waiting,
            failing_since: trouble.as_ref().map(|trouble| trouble.since),
            reason: trouble.map(|trouble| trouble.reason),
            given_up,
            lost,
        }
    }

    /// Delivers events for ever. Dropping the future is harmless: unfinished deliveries wait for
    /// the next start.
    pub(crate) async fn deliver(self: Arc<Self>) {
        let mut failures = 0;
        loop {
            let next = match self.spools.next() {
                Ok(Some(next)) => next,
                Ok(None) => {
                    self.spools.news().await;
                    continue;
                }
                Err(error) => {
                    tracing::error!(%error, "the spool of events cannot be read");
                    time::sleep(MAX_PAUSE).await;
                    continue;
                }
            };
            if let Some(outcome) = self.try_to_deliver(&next.waiting).await {
                failures = 0;
                self.finish(&next, outcome);
            } else {
                // After the pause another event may be the next one.
                time::sleep(pause(failures, jitter())).await;
                failures = failures.saturating_add(1);
            }
        }
    }

    /// One attempt; `None` if there is to be another.
    async fn try_to_deliver(&self, waiting: &Waiting) -> Option<DeliveryOutcome> {
        let Ok(event) = serde_json::from_slice::<Event>(&waiting.document) else {
            tracing::error!("an event in the spool cannot be read and is skipped");
            return Some(DeliveryOutcome::GivenUp);
        };
        let id = event.id.to_string();
        match self.client.post(&id, self.clock.now().as_second(), &waiting.document).await {
            Ok(()) => {
                self.recovered();
                return Some(DeliveryOutcome::Delivered);
            }
            Err(error) => self.failed(error.to_string()),
        }
        if self.clock.now().duration_since(event.time) < GIVEN_UP_AFTER {
            return None;
        }
        if let Some(times) = self.given_up.happened() {
            let r#type = event.what.name();
            tracing::error!(event = id, r#type, times, "events are dropped: their delivery failed for three days");
        }
        Some(DeliveryOutcome::GivenUp)
    }

    fn finish(&self, next: &Next<'_>, outcome: DeliveryOutcome) {
        if let Err(error) = next.finish(outcome)
            && let Some(times) = self.unmarked.happened()
        {
            tracing::error!(%error, times, "deliveries cannot be recorded: events may be delivered again");
        }
    }

    fn failed(&self, reason: String) {
        if let Some(times) = self.undelivered.happened() {
            tracing::warn!(
                receiver = self.client.origin(),
                waiting = self.spools.counts().waiting,
                reason,
                times,
                "an event is not delivered"
            );
        }
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let since = trouble.as_ref().map_or_else(|| acme::whole_seconds(self.clock.now()), |trouble| trouble.since);
        *trouble = Some(Trouble { since, reason });
    }

    fn recovered(&self) {
        if self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            tracing::info!(receiver = self.client.origin(), "deliveries of events succeed again");
        }
    }
}

/// Warns about the spool of a host that has no webhook now: its events stay there until there is
/// one, and none are added.
///
/// # Errors
/// When the spool cannot be read.
pub(crate) fn warn_of_left_events(data: &DataFolder) -> Result<(), StartError> {
    let path = data.file(SPOOL);
    let spools = Spools::open_existing(&path).map_err(|source| StartError::Data { path, source })?;
    if let Some(waiting) = spools.map(|spools| spools.counts().waiting).filter(|waiting| *waiting > 0) {
        tracing::warn!(waiting, "events wait in the spool for a webhook, but none is configured");
    }
    Ok(())
}

/// The pause after that number of failed attempts: it doubles each time, up to five minutes, and
/// `jitter` (0 to 255) shortens it by up to a half.
fn pause(attempt: u32, jitter: u8) -> Duration {
    let full = FIRST_PAUSE.saturating_mul(1 << attempt.min(16)).min(MAX_PAUSE);
    full - full / 2 * u32::from(jitter) / 255
}

fn jitter() -> u8 {
    authority::random::<1>().map_or(0, |[byte]| byte)
}

/// The folder of the spool, in the data folder.
pub(crate) const SPOOL: &str = "events";
const SECRET: &str = "webhook.secret";

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(5 * 60);

/// How long delivery is tried, counted from the time of the event.
const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_hours(72);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_five_minutes_and_differ() {
        let seconds = |attempt, jitter| pause(attempt, jitter).as_secs_f64();
        assert_eq!([0, 1, 2, 8, 9, 60].map(|attempt| seconds(attempt, 0)), [1.0, 2.0, 4.0, 256.0, 300.0, 300.0]);
        assert_eq!((seconds(0, 255), seconds(60, 255)), (0.5, 150.0));
    }
}
