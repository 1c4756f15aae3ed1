//! What operators did: filtered, newest first.

use acme::AuditId;
use jiff::Timestamp;
use operator::Parts;
use serde::{Deserialize, Serialize};
use store::AuditRecord;

use crate::{Action, AdminError, page};

/// What operators did, newest first.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListAuditRecords {
    /// The actor, action, subject and time that the records must have.
    #[serde(default)]
    pub filter: AuditFilter,
    /// The record where the page before ended: its `next`.
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
        // The id of a record begins with its time.
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

/// Which records are meant: those for which all holds that is said.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AuditFilter {
    /// Whose actor holds this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Whose action holds this text: `eab` for all acts on keys of external accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Whose subject holds this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Of this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Of before this time.
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

/// Some of the records that are meant.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditPage {
    /// The records, newest first.
    pub items: Vec<AuditRecord>,
    /// Behind which record to go on; absent when all were looked at. A page may be short, or empty,
    /// and others follow.
    pub next: Option<AuditId>,
}

/// The maximum number of records that one request reads, and how many it reads at a time.
const PORTIONS: usize = 10;
const PORTION: usize = 200;
