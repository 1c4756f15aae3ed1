//! The CAA records of one domain, and what they say together (RFC 8659 §3 and §4).

use acme::{CaaPermission, ChallengeType};
use hickory_resolver::proto::rr::{RData, rdata::CAA};

use super::{
    CaaTerms,
    issue_value::IssueValue,
    refusal::{CaaReason, CaaRefusal},
};
use crate::excerpt::excerpt;

/// All CAA records of a domain; at least one. Without any, those of the domain above decide.
#[derive(Clone, Debug)]
pub(crate) struct RecordSet(Vec<CaaRecord>);

/// One CAA record.
#[derive(Clone, Debug)]
pub(crate) struct CaaRecord {
    is_critical: bool,
    tag: String,
    value: Vec<u8>,
}

impl RecordSet {
    /// The set of these records; `None` if there are none.
    pub(crate) fn new(records: Vec<CaaRecord>) -> Option<Self> {
        (!records.is_empty()).then_some(Self(records))
    }

    /// What the records, which are those of `domain`, say about `name`.
    pub(crate) fn permission(
        &self,
        name: &str,
        domain: &str,
        challenge: ChallengeType,
        terms: &CaaTerms,
    ) -> Result<CaaPermission, Box<CaaRefusal>> {
        let permission = CaaPermission { domain: Some(domain.to_owned()), ..CaaPermission::default() };
        match self.permitting(challenge, terms) {
            Ok(None) => Ok(permission),
            Ok(Some((record, identity))) => {
                Ok(CaaPermission { record: Some(record.quoted()), identity: Some(identity.to_owned()), ..permission })
            }
            Err(reason) => Err(Box::new(CaaRefusal {
                name: if terms.is_wildcard { format!("*.{name}") } else { name.to_owned() },
                domain: domain.to_owned(),
                wanted: format!(
                    "{} \"{}\"",
                    self.wanted_tag(terms),
                    terms.identities.first().map_or("", String::as_str)
                ),
                reports: self.tagged("iodef").next().map(|record| excerpt(&record.value, SHOWN)),
                reason,
            })),
        }
    }

    /// The record that permits the certificate, with the name of this CA in it; `None` if no record
    /// restricts who may issue.
    fn permitting<'t>(
        &self,
        challenge: ChallengeType,
        terms: &'t CaaTerms,
    ) -> Result<Option<(&CaaRecord, &'t str)>, CaaReason> {
        if let Some(unknown) = self.0.iter().find(|record| record.is_critical && !record.is_known()) {
            return Err(CaaReason::Critical(unknown.quoted()));
        }
        let deciding: Vec<_> = self.tagged(self.wanted_tag(terms)).collect();
        if deciding.is_empty() {
            return Ok(None);
        }
        let permitting = deciding.iter().find_map(|record| {
            let value = IssueValue::parse(&record.value)?;
            value.permits(challenge, terms).map(|identity| (*record, identity))
        });
        permitting.map(Some).ok_or_else(|| {
            let shown = deciding.iter().take(SHOWN_RECORDS).map(|record| record.quoted());
            let mut shown = shown.collect::<Vec<_>>().join(", ");
            if let Some(more) = deciding.len().checked_sub(SHOWN_RECORDS).filter(|more| *more > 0) {
                shown.push_str(&format!(" and {more} more"));
            }
            CaaReason::Other(shown)
        })
    }

    /// The property that decides: for wildcards `issuewild`, if there is one (RFC 8659 §4.3).
    fn wanted_tag(&self, terms: &CaaTerms) -> &'static str {
        if terms.is_wildcard && self.tagged(ISSUE_WILD).next().is_some() { ISSUE_WILD } else { ISSUE }
    }

    fn tagged(&self, tag: &'static str) -> impl Iterator<Item = &CaaRecord> {
        self.0.iter().filter(move |record| record.tag.eq_ignore_ascii_case(tag))
    }
}

impl CaaRecord {
    /// The record of this data; `None` if it is of another type.
    pub(crate) fn of(data: RData) -> Option<Self> {
        match data {
            RData::CAA(caa) => Some(Self::from(caa)),
            _ => None,
        }
    }

    /// Reads the data of a record (RFC 8659 §4.1); `None` if it is of another form.
    pub(crate) fn read(data: &[u8]) -> Option<Self> {
        let (&[flags, length], rest) = data.split_first_chunk()?;
        let (tag, value) = rest.split_at_checked(length.into())?;
        let tag = str::from_utf8(tag).ok().filter(|tag| tag.bytes().all(|octet| octet.is_ascii_alphanumeric()))?;
        (!tag.is_empty()).then(|| Self { is_critical: is_critical(flags), tag: tag.to_owned(), value: value.to_vec() })
    }

    /// The record as a zone file has it, with the first octets of its value.
    fn quoted(&self) -> String {
        format!("{} \"{}\"", self.tag.to_ascii_lowercase(), excerpt(&self.value, SHOWN))
    }

    fn is_known(&self) -> bool {
        KNOWN.iter().any(|known| self.tag.eq_ignore_ascii_case(known))
    }
}

impl From<CAA> for CaaRecord {
    fn from(caa: CAA) -> Self {
        let flags = caa.reserved_flags | if caa.issuer_critical { CRITICAL } else { 0 };
        Self { is_critical: is_critical(flags), tag: caa.tag, value: caa.value }
    }
}

/// Whether the critical bit is set, which is the highest (RFC 8659 §4.1.1). Some have the lowest
/// for it, and mean the same.
fn is_critical(flags: u8) -> bool {
    flags & (CRITICAL | 1) != 0
}

const CRITICAL: u8 = 0x80;

const ISSUE: &str = "issue";
const ISSUE_WILD: &str = "issuewild";

/// The properties of RFC 8659, and those of RFC 9495 and of its registry that concern certificates
/// of other kinds.
const KNOWN: [&str; 5] = [ISSUE, ISSUE_WILD, "iodef", "issuemail", "issuevmc"];

/// Octets of a value that are shown: a whole account URL.
const SHOWN: usize = 200;
const SHOWN_RECORDS: usize = 3;
