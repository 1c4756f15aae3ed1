//! The audit records: filtered, newest first.

use acme::AuditId;
use jiff::Timestamp;
use operator::Parts;
use serde::{Deserialize, Serialize};
use store::AuditRecord;

use crate::{Action, AdminError, page};

/// Lists the audit records, newest first.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListAuditRecords {
    /// The actor, action, subject and time that the records must have.
    #[serde(default)]
    pub filter: AuditFilter,
    /// The `next` of the previous page.
    #[serde(default)]
    pub before: Option<AuditId>,
    /// The maximum number of entries, 1 to 1,000; 100 when absent.
    #[serde(default)]
    pub limit: Option<u16>,
}

impl Action for ListAuditRecords {
    type Answer = AuditPage;

    const NAME: &str = "audit";
    const IS_ACT: bool = false;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<AuditPage, AdminError> {
        let Self { filter, before, limit } = self;
        let limit = page::size(limit)?;
        // The id of a record starts with its time.
        let until = filter.until.map(|until| AuditId::new(until, [0; 10]));
        let mut before = before.into_iter().chain(until).min();
        let mut items = Vec::new();
        for _ in 0..PORTIONS {
            let portion = parts.audit.page(before, PORTION).await?;
            for record in portion.items {
                before = Some(record.id);
                if filter.since.is_some_and(|since| record.id.made_at() < since) {
                    return Ok(AuditPage { items, next: None });
                }
                if filter.includes(&record) {
                    items.push(record);
                }
                if items.len() >= limit {
                    return Ok(AuditPage { items, next: before });
                }
            }
            if !portion.more {
                return Ok(AuditPage { items, next: None });
            }
        }
        Ok(AuditPage { items, next: before })
    }
}

/// A filter of audit records: a record must match every member that is present.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AuditFilter {
    /// A text that the actor must contain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// A text that the action must contain, such as `eab` for all acts on external account keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// A text that the subject must contain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The earliest time of a record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The time before which a record must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl AuditFilter {
    fn includes(&self, record: &AuditRecord) -> bool {
        let holds = |text: &str, part: &Option<String>| part.as_ref().is_none_or(|part| text.contains(part.as_str()));
        holds(&record.actor, &self.actor)
            && holds(&record.action, &self.action)
            && holds(&record.subject, &self.subject)
            && self.until.is_none_or(|until| record.id.made_at() < until)
    }
}

/// A page of the matching records.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditPage {
    /// The records, newest first.
    pub items: Vec<AuditRecord>,
    /// The position after which the next page starts; absent when all records were searched. A page
    /// may be short or empty although more follow.
    pub next: Option<AuditId>,
}

/// The maximum number of portions that one request reads.
const PORTIONS: usize = 10;
const PORTION: usize = 200;
