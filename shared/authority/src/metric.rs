//! Metrics: numbers in the log, of which a host makes metrics. On AWS a filter of the template
//! reads each of these lines; alarms compare the numbers with their thresholds.

use std::fmt;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// The days until the first active CA certificate ends, or one above it.
    CaDaysLeft,
    /// How long the canary took to obtain a certificate, in milliseconds; not measured when it got
    /// none.
    CanaryMilliseconds,
    /// The least part of its life that any CRL has left, in percent: of every issuer and shard, the
    /// root included. A CRL that does not exist, ended or has not begun has none.
    CrlPercentLeft,
    /// The findings of `doctor` by which something does not work.
    DoctorBad,
    /// The findings of `doctor` by which something will not work for long.
    DoctorWarnings,
    /// A use of a key that KMS refused because there were too many, also when it was repeated.
    KmsThrottles,
    /// A run of the schedule that continues the revocations of incidents.
    RevocationRuns,
    /// A run that looked whether the root's CRL is due.
    RootCrlRuns,
}

impl Metric {
    /// All of them, in alphabetical order.
    pub const ALL: [Self; 8] = [
        Self::CaDaysLeft,
        Self::CanaryMilliseconds,
        Self::CrlPercentLeft,
        Self::DoctorBad,
        Self::DoctorWarnings,
        Self::KmsThrottles,
        Self::RevocationRuns,
        Self::RootCrlRuns,
    ];

    /// The name in the log, which is that of the metric.
    pub fn name(self) -> &'static str {
        match self {
            Self::CaDaysLeft => "CaDaysLeft",
            Self::CanaryMilliseconds => "CanaryMilliseconds",
            Self::CrlPercentLeft => "CrlPercentLeft",
            Self::DoctorBad => "DoctorBad",
            Self::DoctorWarnings => "DoctorWarnings",
            Self::KmsThrottles => "KmsThrottles",
            Self::RevocationRuns => "RevocationRuns",
            Self::RootCrlRuns => "RootCrlRuns",
        }
    }

    /// Logs a value, whatever the level of the log.
    pub fn measured(self, value: i64) {
        tracing::info!(target: "metric", metric = self.name(), value, "measured");
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
