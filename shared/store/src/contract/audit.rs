//! Audit records.

use super::{
    Tried, WORKS,
    fixture::{DAY, audit_record_at},
};
use crate::{AuditRecord, Page};

/// Newest first, across days without actions.
pub async fn audit_records_are_listed_newest_first_in_pages(store: Tried) {
    assert_eq!(store.audit(None, 10).await.expect(WORKS), Page::default(), "there has been no action");
    let times = [0, 1, 2, DAY, 40 * DAY, 40 * DAY + 1, 400 * DAY];
    let mut newest_first: Vec<AuditRecord> = times.into_iter().map(audit_record_at).collect();
    for record in &newest_first {
        for _ in 1..=2 {
            store.append_audit(record).await.expect(WORKS);
        }
    }
    newest_first.reverse();
    for limit in 1..=8 {
        let mut found: Vec<AuditRecord> = Vec::new();
        loop {
            let page = store.audit(found.last().map(|record| record.id), limit).await.expect(WORKS);
            assert!(page.items.len() == limit || !page.more, "a page that is not the last is full");
            found.extend(page.items);
            if !page.more {
                break;
            }
        }
        assert_eq!(found, newest_first, "{limit} at a time, each once");
    }
    let oldest = newest_first.last().map(|record| record.id);
    assert_eq!(store.audit(oldest, 10).await.expect(WORKS), Page::default(), "nothing is older than the oldest");
}
