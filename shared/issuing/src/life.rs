//! The life that is left of what relying parties need: the CRLs as they are stored, and the
//! certificates of the CAs.
//!
//! This looks at what there is, and not at what a run has made: a CRL that is not renewed any more
//! is the one that has to be noticed.

use std::sync::Arc;

use authority::{Clock, Metric};
use jiff::Timestamp;
use store::{CrlRecord, CrlStore, IssuerState};

use crate::{Error, Issuers};

/// Measures the life that is left.
pub struct Lives {
    issuers: Arc<Issuers>,
    crls: Arc<dyn CrlStore>,
    clock: Arc<dyn Clock>,
}

/// The least life that is left; `None` if there is nothing that could end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeastLife {
    /// See [`Metric::CaDaysLeft`].
    pub ca_days: Option<i64>,
    /// See [`Metric::CrlPercentLeft`].
    pub crl_percent: Option<i64>,
}

impl Lives {
    /// Reads from these stores.
    pub fn new(issuers: Arc<Issuers>, crls: Arc<dyn CrlStore>, clock: Arc<dyn Clock>) -> Self {
        Self { issuers, crls, clock }
    }

    /// Logs the least life that is left. Where there is none the metric is missing, which raises
    /// the alarm, too.
    ///
    /// # Errors
    /// An issuer or a CRL cannot be read.
    pub async fn measure(&self) -> Result<(), Error> {
        let LeastLife { ca_days, crl_percent } = self.least().await?;
        for (metric, value) in [(Metric::CaDaysLeft, ca_days), (Metric::CrlPercentLeft, crl_percent)] {
            if let Some(value) = value {
                metric.measured(value);
            }
        }
        Ok(())
    }

    /// The least life that is left. An issuer that has ended needs no CRL, and one that issues
    /// nothing more may end; its certificates still need its CRLs.
    ///
    /// # Errors
    /// An issuer or a CRL cannot be read.
    pub async fn least(&self) -> Result<LeastLife, Error> {
        let now = self.clock.now();
        let (mut days, mut percents) = (Vec::new(), Vec::new());
        for record in self.issuers.records().await? {
            if record.state() == IssuerState::Requested {
                continue;
            }
            let ends_at = self.issuers.issuer(&record.id).await?.ends_at();
            if record.state() == IssuerState::Active {
                days.push((ends_at.duration_since(now).as_hours() / 24).max(0));
            }
            for shard in (0..record.crl_shards).filter(|_| now < ends_at) {
                let crl = self.crls.crl(&record.id, shard).await?;
                percents.push(crl.map_or(0, |crl| percent_left(&crl, ends_at, now)));
            }
        }
        Ok(LeastLife { ca_days: days.into_iter().min(), crl_percent: percents.into_iter().min() })
    }
}

/// What is left of the life of a CRL. One that lasts as long as its issuer needs no other.
fn percent_left(crl: &CrlRecord, issuer_ends_at: Timestamp, now: Timestamp) -> i64 {
    if crl.this_update > now {
        return 0;
    }
    if crl.next_update >= issuer_ends_at {
        return 100;
    }
    let (left, life) = (crl.next_update.duration_since(now), crl.next_update.duration_since(crl.made_at()));
    (left.as_secs().saturating_mul(100) / life.as_secs().max(1)).clamp(0, 100)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn what_is_left_of_a_crl_is_a_part_of_its_own_life() {
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        let hours = SignedDuration::from_hours;
        for (made, next, percent) in
            [(0, 168, 100), (-84, 84, 50), (-113, 55, 32), (-167, 1, 0), (-168, 0, 0), (-300, -132, 0), (1, 169, 0)]
        {
            let (this_update, next_update) = (now + hours(made), now + hours(next));
            let crl = CrlRecord {
                issuer: "issuing".parse().unwrap(),
                shard: 0,
                number: 1,
                this_update,
                next_update,
                der: Vec::new(),
                signer_request: None,
                made_at: None,
            };
            assert_eq!(percent_left(&crl, now + hours(1_000), now), percent, "{made} {next}");
            // Backdating does not lengthen a life.
            let backdated = CrlRecord { this_update: this_update - hours(24), made_at: Some(this_update), ..crl };
            assert_eq!(percent_left(&backdated, now + hours(1_000), now), if made > 0 { 100 } else { percent });
            let last = if made > 0 { 100 } else { percent_left(&backdated, next_update, now) };
            assert_eq!(last, 100);
        }
    }
}
