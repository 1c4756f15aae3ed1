//! Times in the form that certificates and CRLs have: whole seconds, UTCTime until the end of 2049,
//! GeneralizedTime from then on (RFC 5280 §4.1.2.5).

use std::time::Duration;

use der::DateTime;
use jiff::Timestamp;
use x509_cert::time::Time;

/// The ASN.1 form of a time; a fraction of a second is dropped.
pub(crate) fn asn1(timestamp: Timestamp) -> Result<Time, TimeError> {
    let seconds = u64::try_from(timestamp.as_second()).map_err(|_| TimeError(timestamp))?;
    DateTime::from_unix_duration(Duration::from_secs(seconds)).map(Time::from).map_err(|_| TimeError(timestamp))
}

/// The time that an ASN.1 form stands for.
pub(crate) fn timestamp(time: &Time) -> Timestamp {
    // Every ASN.1 time is between 1970 and 9999, well within the range of a timestamp.
    i64::try_from(time.to_unix_duration().as_secs())
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or(Timestamp::MAX)
}

/// The time is before 1970 or after 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} cannot be in a certificate or CRL: only the years 1970 to 9999 can")]
pub struct TimeError(pub Timestamp);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utc_time_ends_with_the_year_2049() {
        let last = asn1("2049-12-31T23:59:59Z".parse().unwrap()).unwrap();
        let next = asn1("2050-01-01T00:00:00Z".parse().unwrap()).unwrap();
        assert!(matches!(last, Time::UtcTime(_)));
        assert!(matches!(next, Time::GeneralTime(_)));
    }

    #[test]
    fn a_time_reads_back_without_its_fraction() {
        for (text, read) in [
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
            ("2026-02-28T23:59:59.999Z", "2026-02-28T23:59:59Z"),
            ("9999-12-30T21:59:59Z", "9999-12-30T21:59:59Z"),
        ] {
            let written = asn1(text.parse().unwrap()).unwrap();
            assert_eq!(timestamp(&written).to_string(), read);
        }
    }

    #[test]
    fn a_time_before_1970_is_refused() {
        let early: Timestamp = "1969-12-31T23:59:58Z".parse().unwrap();
        assert_eq!(asn1(early), Err(TimeError(early)));
    }
}
