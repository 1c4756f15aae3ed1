//! Presets: what a profile is for, in a word.
//!
//! What a document leaves out is as its preset says, and what it says itself stays its own. The
//! values are stored with the profile, so a later version with other presets changes no profile
//! that exists.

use std::collections::BTreeSet;

use ca::{CertificateKeyType, LeafExtensions, Policy, SubjectRule};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Caa, Dnssec, Perspectives, Validity, ra_profile::DAY};

/// What a profile is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Servers of an organization that trusts its own CA.
    Private,
    /// The same, for machines that renew every few days: their certificates end before a
    /// revocation would be noticed.
    ShortLived,
    /// As the Baseline Requirements demand of CAs that browsers trust.
    Public,
}

impl Preset {
    /// The members of documents that presets fill in, of both kinds of profiles.
    pub const MEMBERS: [&str; 8] =
        ["caa", "dnssec", "perspectives", "certificateValidity", "keyTypes", "policies", "subject", "extensions"];

    /// The longest validity of a certificate that is issued at that time, in seconds with both
    /// ends; `None` where the preset sets no limit. For a public one it is the calendar of the
    /// Baseline Requirements (6.3.2), one day shorter, as they recommend.
    pub fn longest_validity(self, issued_at: Timestamp) -> Option<u32> {
        let begun = CALENDAR.into_iter().rev().find(|(since, _)| issued_at.as_second() >= *since);
        let days = begun.map_or(DAYS_BEFORE, |(_, days)| days);
        (self == Self::Public).then_some(days * DAY)
    }

    pub(super) fn caa(self) -> Option<Caa> {
        (self == Self::Public).then_some(Caa::Enforce)
    }

    pub(super) fn dnssec(self) -> Option<Dnssec> {
        (self == Self::Public).then_some(Dnssec::Resolver)
    }

    pub(super) fn perspectives(self) -> Option<Perspectives> {
        (self == Self::Public).then_some(Perspectives::Enforce)
    }

    pub(super) fn certificate_validity(self) -> Validity {
        match self {
            Self::Private => Validity { default: 45 * DAY, maximum: 45 * DAY },
            Self::ShortLived => Validity { default: HOURS_160, maximum: HOURS_160 },
            Self::Public => Validity { default: 45 * DAY, maximum: DAYS_BEFORE * DAY },
        }
    }

    /// All types for private ones; for public ones, those that browsers accept.
    pub(super) fn key_types(self) -> Option<BTreeSet<CertificateKeyType>> {
        use CertificateKeyType::{P256, P384, Rsa};
        (self == Self::Public).then(|| BTreeSet::from([P256, P384, Rsa]))
    }

    /// The policy of certificates for which control of a domain was shown (7.1.6.1).
    pub(super) fn policies(self) -> Vec<Policy> {
        match self {
            Self::Private | Self::ShortLived => Vec::new(),
            Self::Public => DOMAIN_VALIDATED.parse().into_iter().collect(),
        }
    }

    pub(super) fn subject(self) -> SubjectRule {
        match self {
            Self::Private | Self::ShortLived => SubjectRule::default(),
            Self::Public => SubjectRule::Empty,
        }
    }

    pub(super) fn extensions(self) -> Option<LeafExtensions> {
        (self == Self::Public).then_some(LeafExtensions::Fewest)
    }
}

/// From when on, in seconds since 1970, certificates have to be shorter, and how many days they
/// have: from 15 March 2027 and from 15 March 2029.
const CALENDAR: [(i64, u32); 2] = [(1_805_068_800, 99), (1_868_227_200, 46)];
/// What they may have until the first of these days; what a client may ask for is no longer.
const DAYS_BEFORE: u32 = 199;
/// Within the seven days in which certificates need no revocation (4.9.1.1), with some hours in
/// which a failed renewal is noticed.
const HOURS_160: u32 = 160 * 60 * 60;
const DOMAIN_VALIDATED: &str = "2.23.140.1.2.1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_certificates_get_shorter_by_the_calendar_and_others_do_not() {
        for (issued_at, days) in [
            ("2026-12-01T00:00:00Z", 199),
            ("2027-03-14T23:59:59Z", 199),
            ("2027-03-15T00:00:00Z", 99),
            ("2029-03-14T23:59:59Z", 99),
            ("2029-03-15T00:00:00Z", 46),
            ("2035-01-01T00:00:00Z", 46),
        ] {
            let at: Timestamp = issued_at.parse().unwrap();
            assert_eq!(Preset::Public.longest_validity(at), Some(days * DAY), "{issued_at}");
            assert_eq!(Preset::Private.longest_validity(at), None);
            assert_eq!(Preset::ShortLived.longest_validity(at), None);
        }
    }

    #[test]
    fn a_preset_is_a_word_of_documents() {
        for (preset, word) in
            [(Preset::Private, "private"), (Preset::ShortLived, "short-lived"), (Preset::Public, "public")]
        {
            assert_eq!(serde_json::to_value(preset).unwrap(), word);
            assert_eq!(serde_json::from_value::<Preset>(word.into()).unwrap(), preset);
        }
    }
}
