//! How long the steps took.

use std::{error::Error, fmt, time::Duration};

use serde::Serialize;
use tokio::time::{self, Instant};

use crate::{CanaryError, LIMIT};

/// What a client does for a certificate, as far as it is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The external account key is minted.
    Key,
    /// The account is registered, after the directory was read.
    Account,
    /// The order is placed.
    Order,
    /// The challenge is answered, and the order is ready.
    Validation,
    /// The order is finalized, and the certificate fetched.
    Certificate,
    /// The account is deactivated.
    Deactivation,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "key",
            Self::Account => "account",
            Self::Order => "order",
            Self::Validation => "validation",
            Self::Certificate => "certificate",
            Self::Deactivation => "deactivation",
        })
    }
}

/// The duration of each step in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Timings {
    /// Of [`Step::Key`].
    pub key: u32,
    /// Of [`Step::Account`].
    pub account: u32,
    /// Of [`Step::Order`].
    pub order: u32,
    /// Of [`Step::Validation`].
    pub validation: u32,
    /// Of [`Step::Certificate`].
    pub certificate: u32,
    /// Of [`Step::Deactivation`].
    pub deactivation: u32,
}

impl Timings {
    /// The sum, in milliseconds.
    pub fn total(&self) -> i64 {
        let Self { key, account, order, validation, certificate, deactivation } = *self;
        [key, account, order, validation, certificate, deactivation].map(i64::from).iter().sum()
    }

    /// Does a step, for as long as a step may take, and adds what it took.
    pub(crate) async fn of<T, E: Into<Box<dyn Error + Send + Sync>>>(
        &mut self,
        step: Step,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, CanaryError> {
        let began = Instant::now();
        let ended = time::timeout(LIMIT, work).await;
        *self.field(step) += milliseconds(began.elapsed());
        let ended = ended.map_err(|_| Box::from("it took too long")).and_then(|ended| ended.map_err(Into::into));
        ended.map_err(|source| CanaryError { step, source })
    }

    pub(crate) fn log(&self, name: &str) {
        let Self { key, account, order, validation, certificate, deactivation } = *self;
        let total = self.total();
        tracing::info!(
            name,
            key,
            account,
            order,
            validation,
            certificate,
            deactivation,
            total,
            "the canary has its certificate"
        );
    }

    fn field(&mut self, step: Step) -> &mut u32 {
        match step {
            Step::Key => &mut self.key,
            Step::Account => &mut self.account,
            Step::Order => &mut self.order,
            Step::Validation => &mut self.validation,
            Step::Certificate => &mut self.certificate,
            Step::Deactivation => &mut self.deactivation,
        }
    }
}

fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_step_has_its_own_time_and_a_limit() {
        let mut timings = Timings::default();
        let takes = |seconds| async move {
            time::sleep(Duration::from_secs(seconds)).await;
            Ok::<_, Box<dyn Error + Send + Sync>>(())
        };
        timings.of(Step::Order, takes(2)).await.unwrap();
        timings.of(Step::Certificate, takes(3)).await.unwrap();
        timings.of(Step::Certificate, takes(1)).await.unwrap();
        assert_eq!((timings.order, timings.certificate, timings.total()), (2_000, 4_000, 6_000));
        let failed = timings.of(Step::Validation, takes(31)).await.unwrap_err();
        assert_eq!((failed.step, timings.validation), (Step::Validation, 30_000));
        let failed = timings.of(Step::Key, async { Err::<(), _>("no grant") }).await.unwrap_err();
        assert_eq!(failed.to_string(), "the step key failed");
    }
}
