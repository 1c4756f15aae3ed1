//! The validity of a certificate: what the order requests, within the limits of the RA Profile.

use std::sync::Arc;

use authority::Clock;
use jiff::{SignedDuration, Timestamp};
use store::RaProfile;

use crate::{LoadedIssuer, StatusUrl};

/// The validity that an order requests (RFC 8555 §7.4). It is granted to the second or refused,
/// never ignored.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestedValidity {
    /// The requested `notBefore`.
    pub not_before: Option<Timestamp>,
    /// The requested `notAfter`.
    pub not_after: Option<Timestamp>,
}

/// The validity of a certificate, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValidityPeriod {
    /// The first second of the validity.
    pub not_before: Timestamp,
    /// The last second of the validity.
    pub not_after: Timestamp,
}

/// Why a requested validity is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValidityRefusal {
    /// The end is not after the start.
    #[error("notAfter must be later than notBefore")]
    Reversed,
    /// The certificate would already have expired.
    #[error("notAfter is in the past")]
    Past,
    /// The validity would start too long before the order was created.
    #[error("notBefore is more than an hour in the past")]
    BeginsInThePast,
    /// The validity would start more than a day from now, or after the end of any certificate
    /// issued today.
    #[error("notBefore is more than a day in the future, or further than a certificate may last")]
    BeginsTooLate,
    /// The validity is longer than the profile allows.
    #[error("the certificate would be valid for longer than the {0} seconds that this profile allows")]
    TooLong(u32),
    /// The validity would start before that of the issuer.
    #[error("the certificate would be valid before its issuer, which is valid from {0}")]
    PrecedesIssuer(Timestamp),
    /// The validity would end after that of the issuer.
    #[error("the certificate would outlast its issuer, which expires at {0}")]
    OutlastsIssuer(Timestamp),
}

/// Determines the validity of certificates.
pub struct Validities {
    status_url: StatusUrl,
    clock: Arc<dyn Clock>,
}

impl Validities {
    /// For certificates with CRL URLs below this URL.
    pub fn new(status_url: StatusUrl, clock: Arc<dyn Clock>) -> Self {
        Self { status_url, clock }
    }

    /// The validity of a certificate of this issuer and profile that is issued now for an order
    /// created at `ordered_at`.
    ///
    /// # Errors
    /// The requested validity cannot be granted.
    pub fn period(
        &self,
        issuer: &LoadedIssuer,
        profile: &RaProfile,
        wish: RequestedValidity,
        ordered_at: Timestamp,
    ) -> Result<ValidityPeriod, ValidityRefusal> {
        let now = self.clock.now();
        let longest = self.status_url.max_validity().into_iter().chain(profile.longest_validity(now)).min();
        let period = decide(wish, profile, longest, issuer.ends_at(), ordered_at, now)?;
        // Certificates of external CAs may be newer than the time by which ours are backdated.
        let begins = issuer.issuer.not_before();
        match wish.not_before {
            Some(not_before) if not_before < begins => Err(ValidityRefusal::PrecedesIssuer(begins)),
            _ => Ok(ValidityPeriod { not_before: period.not_before.max(begins), ..period }),
        }
    }
}

/// Determines the validity of a certificate issued `now` for an order created at `ordered_at`.
///
/// The maximum of the profile is what a client may ask for, from now on: whatever it asks for, the
/// certificate ends within the maximum from now, because it says who had control now. By how much
/// the certificate is backdated is no concern of the client, and neither is a minute by which its
/// clock is ahead.
///
/// `longest` is a rule for others to rely on, and limits the whole validity, of which both ends are
/// part (RFC 5280 §4.1.2.5).
///
/// Without a requested end, the end is limited to that of the issuer; a requested end beyond it is
/// refused. A request is judged by the time of the order, so that an accepted request is not too
/// old after validation.
fn decide(
    wish: RequestedValidity,
    profile: &RaProfile,
    longest: Option<u32>,
    issuer_ends: Timestamp,
    ordered_at: Timestamp,
    now: Timestamp,
) -> Result<ValidityPeriod, ValidityRefusal> {
    let most = longest
        .map_or(profile.certificate_validity.maximum, |longest| longest.min(profile.certificate_validity.maximum));
    let usual = profile.certificate_validity.default.min(most);
    let now = acme::whole_seconds(now);
    let seconds = |count: u32| SignedDuration::from_secs(count.into());

    if let Some(not_before) = wish.not_before {
        if not_before < ordered_at - SignedDuration::from_hours(1) {
            return Err(ValidityRefusal::BeginsInThePast);
        }
        if not_before > now + seconds(most).min(MOST_AHEAD) {
            return Err(ValidityRefusal::BeginsTooLate);
        }
    }
    // Clocks of relying parties may be slightly slow; lifetimes shorter than a day are backdated
    // less.
    let backdated = now - BACKDATE.min(seconds(usual) / 100);
    let (not_before, not_after) = match (wish.not_before, wish.not_after) {
        (Some(not_before), Some(not_after)) => (not_before, not_after),
        (Some(not_before), None) => {
            (not_before, last_second(not_before, usual).min(now + seconds(most)).min(issuer_ends))
        }
        // The rule leaves less to be backdated by, the more the client asks for.
        (None, Some(not_after)) => {
            let earliest = longest.map_or(backdated, |longest| first_second(not_after, longest));
            (backdated.max(earliest.min(now + CLOCK_DIFFERENCE)), not_after)
        }
        (None, None) => (backdated, last_second(backdated, usual).min(issuer_ends)),
    };
    let (not_before, not_after) = (acme::whole_seconds(not_before), acme::whole_seconds(not_after));
    if not_after <= not_before {
        return Err(ValidityRefusal::Reversed);
    }
    if not_after <= now {
        return Err(ValidityRefusal::Past);
    }
    let breaks_rule = longest.is_some_and(|longest| not_after > last_second(not_before, longest));
    if breaks_rule || not_after > now + seconds(most) + CLOCK_DIFFERENCE {
        return Err(ValidityRefusal::TooLong(most));
    }
    if not_after > issuer_ends {
        return Err(ValidityRefusal::OutlastsIssuer(issuer_ends));
    }
    Ok(ValidityPeriod { not_before, not_after })
}

/// The last one of `count` seconds.
fn last_second(first: Timestamp, count: u32) -> Timestamp {
    first + SignedDuration::from_secs(i64::from(count) - 1)
}

/// The first one of `count` seconds.
fn first_second(last: Timestamp, count: u32) -> Timestamp {
    last - SignedDuration::from_secs(i64::from(count) - 1)
}

const BACKDATE: SignedDuration = SignedDuration::from_mins(5);

/// By how much the clock of a client may be ahead.
const CLOCK_DIFFERENCE: SignedDuration = SignedDuration::from_mins(1);

/// How far ahead a certificate may begin: it says who had control when it was issued.
const MOST_AHEAD: SignedDuration = SignedDuration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> RaProfile {
        serde_json::from_value(serde_json::json!({
            "name": "default", "issuer": "issuing", "certificateValidity": {"default": 1000, "maximum": 2000},
        }))
        .unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn decided(begin: Option<i64>, end: Option<i64>) -> Result<(i64, i64), ValidityRefusal> {
        let wish = RequestedValidity { not_before: begin.map(at), not_after: end.map(at) };
        let period = decide(wish, &profile(), None, at(5_000), at(0), at(0))?;
        Ok((period.not_before.as_second() - at(0).as_second(), period.not_after.as_second() - at(0).as_second()))
    }

    #[test]
    fn s8_wishes_are_honoured_to_the_second_or_refused() {
        assert_eq!(decided(None, None), Ok((-10, 989)));
        assert_eq!(decided(Some(100), None), Ok((100, 1099)));
        assert_eq!(decided(None, Some(50)), Ok((-10, 50)));
        assert_eq!(decided(Some(0), Some(2000)), Ok((0, 2000)));
        assert_eq!(decided(Some(0), Some(2061)), Err(ValidityRefusal::TooLong(2000)));
        assert_eq!(decided(Some(10), Some(10)), Err(ValidityRefusal::Reversed));
        assert_eq!(decided(Some(-20), Some(-10)), Err(ValidityRefusal::Past));
        assert_eq!(decided(Some(-3601), None), Err(ValidityRefusal::BeginsInThePast));
        assert_eq!(decided(Some(2001), None), Err(ValidityRefusal::BeginsTooLate));
    }

    #[test]
    fn s8_the_maximum_of_the_profile_can_be_requested_from_now() {
        assert_eq!(decided(None, Some(2000)), Ok((-10, 2000)));
        // The clock of the client is a minute ahead.
        assert_eq!(decided(None, Some(2060)), Ok((-10, 2060)));
        assert_eq!(decided(None, Some(2061)), Err(ValidityRefusal::TooLong(2000)));
    }

    #[test]
    fn a_usual_certificate_has_the_seconds_of_the_profile_with_both_ends() {
        let (begin, end) = decided(None, None).unwrap();
        assert_eq!(end - begin + 1, 1000);
    }

    #[test]
    fn a_certificate_that_begins_later_ends_no_later() {
        assert_eq!(decided(Some(1500), None), Ok((1500, 2000)));
        assert_eq!(decided(Some(1500), Some(2061)), Err(ValidityRefusal::TooLong(2000)));
        let week: RaProfile = serde_json::from_value(serde_json::json!({
            "name": "default", "issuer": "issuing", "certificateValidity": {"default": 604_800, "maximum": 604_800},
        }))
        .unwrap();
        let begins = |second| {
            let wish = RequestedValidity { not_before: Some(at(second)), not_after: None };
            decide(wish, &week, None, at(5_000_000), at(0), at(0))
        };
        assert_eq!(begins(86_400).unwrap().not_after, at(604_800));
        assert_eq!(begins(86_401), Err(ValidityRefusal::BeginsTooLate));
    }

    #[test]
    fn nothing_outlasts_its_issuer() {
        let soon = at(500);
        let period = decide(RequestedValidity::default(), &profile(), None, soon, at(0), at(0)).unwrap();
        assert_eq!(period.not_after, soon);
        let wish = RequestedValidity { not_before: None, not_after: Some(at(501)) };
        assert_eq!(decide(wish, &profile(), None, soon, at(0), at(0)), Err(ValidityRefusal::OutlastsIssuer(soon)));
    }

    #[test]
    fn a_public_certificate_ends_by_the_calendar_whatever_its_profile_and_client_say() {
        let issued_in = |year: &str, days: i64| {
            let now: Timestamp = format!("{year}-12-01T00:00:00Z").parse().unwrap();
            let profile: RaProfile = serde_json::from_value(serde_json::json!({
                "name": "default", "issuer": "issuing", "preset": "public",
                "certificateValidity": {"default": 40_000_000, "maximum": 40_000_000},
            }))
            .unwrap();
            let hours = SignedDuration::from_hours;
            let wish = RequestedValidity { not_before: None, not_after: Some(now + hours(24 * days)) };
            let decide = |wish| decide(wish, &profile, profile.longest_validity(now), now + hours(80_000), now, now);
            let usual = decide(RequestedValidity::default()).unwrap();
            (usual.not_after.duration_since(usual.not_before).as_secs() + 1, decide(wish).is_ok())
        };
        let day = 86_400;
        assert_eq!((issued_in("2026", 199), issued_in("2026", 200)), ((199 * day, true), (199 * day, false)));
        assert_eq!((issued_in("2027", 99), issued_in("2028", 100)), ((99 * day, true), (99 * day, false)));
        assert_eq!((issued_in("2029", 46), issued_in("2040", 47)), ((46 * day, true), (46 * day, false)));
    }

    #[test]
    fn without_revocation_pointers_the_whole_validity_is_within_the_rule() {
        let under_the_rule = |begin: Option<i64>, end: Option<i64>| {
            let wish = RequestedValidity { not_before: begin.map(at), not_after: end.map(at) };
            let period = decide(wish, &profile(), Some(300), at(5_000), at(0), at(0))?;
            Ok((period.not_before.as_second() - at(0).as_second(), period.not_after.as_second() - at(0).as_second()))
        };
        assert_eq!(under_the_rule(None, None), Ok((-3, 296)));
        assert_eq!(under_the_rule(None, Some(250)), Ok((-3, 250)));
        // What is requested from now on is granted, and backdated by less.
        assert_eq!(under_the_rule(None, Some(299)), Ok((0, 299)));
        assert_eq!(under_the_rule(None, Some(300)), Ok((1, 300)));
        assert_eq!(under_the_rule(None, Some(359)), Ok((60, 359)));
        assert_eq!(under_the_rule(None, Some(360)), Err(ValidityRefusal::TooLong(300)));
        assert_eq!(under_the_rule(Some(0), Some(299)), Ok((0, 299)));
        assert_eq!(under_the_rule(Some(0), Some(300)), Err(ValidityRefusal::TooLong(300)));
        assert_eq!(under_the_rule(Some(-10), Some(290)), Err(ValidityRefusal::TooLong(300)));
    }
}
