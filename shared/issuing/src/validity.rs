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
    /// The validity would start after the end of any certificate issued today.
    #[error("notBefore is further in the future than a certificate may last")]
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
        let period =
            decide(wish, profile, self.status_url.max_validity(), issuer.ends_at(), ordered_at, self.clock.now())?;
        // Certificates of external CAs may be newer than the time by which ours are backdated.
        let begins = issuer.issuer.certificate().not_before();
        match wish.not_before {
            Some(not_before) if not_before < begins => Err(ValidityRefusal::PrecedesIssuer(begins)),
            _ => Ok(ValidityPeriod { not_before: period.not_before.max(begins), ..period }),
        }
    }
}

/// Determines the validity of a certificate issued `now` for an order created at `ordered_at`.
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
        if not_before > now + seconds(most) {
            return Err(ValidityRefusal::BeginsTooLate);
        }
    }
    // Clocks of relying parties may be slightly slow; lifetimes shorter than a day are backdated
    // less.
    let not_before = acme::whole_seconds(wish.not_before.unwrap_or_else(|| now - BACKDATE.min(seconds(usual) / 100)));
    let not_after = match wish.not_after {
        Some(not_after) => acme::whole_seconds(not_after),
        None => (not_before + seconds(usual)).min(issuer_ends),
    };
    if not_after <= not_before {
        return Err(ValidityRefusal::Reversed);
    }
    if not_after <= now {
        return Err(ValidityRefusal::Past);
    }
    if not_after.duration_since(not_before) > seconds(most) {
        return Err(ValidityRefusal::TooLong(most));
    }
    if not_after > issuer_ends {
        return Err(ValidityRefusal::OutlastsIssuer(issuer_ends));
    }
    Ok(ValidityPeriod { not_before, not_after })
}

const BACKDATE: SignedDuration = SignedDuration::from_mins(5);

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
        assert_eq!(decided(None, None), Ok((-10, 990)));
        assert_eq!(decided(Some(100), None), Ok((100, 1100)));
        assert_eq!(decided(None, Some(50)), Ok((-10, 50)));
        assert_eq!(decided(Some(0), Some(2000)), Ok((0, 2000)));
        assert_eq!(decided(Some(0), Some(2001)), Err(ValidityRefusal::TooLong(2000)));
        assert_eq!(decided(Some(10), Some(10)), Err(ValidityRefusal::Reversed));
        assert_eq!(decided(Some(-20), Some(-10)), Err(ValidityRefusal::Past));
        assert_eq!(decided(Some(-3601), None), Err(ValidityRefusal::BeginsInThePast));
        assert_eq!(decided(Some(2001), None), Err(ValidityRefusal::BeginsTooLate));
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
    fn without_revocation_pointers_lives_are_cut() {
        let period = decide(RequestedValidity::default(), &profile(), Some(300), at(5_000), at(0), at(0)).unwrap();
        assert_eq!(period.not_after.duration_since(period.not_before), SignedDuration::from_secs(300));
    }
}
