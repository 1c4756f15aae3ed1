//! Incidents: stored, changed conditionally, and listed.

use acme::RevocationReason;

use super::{
    Tried, WORKS, assert_conflict,
    fixture::{DAY, at, changed, incident_at},
};
use crate::{Position, StagedRevocation};

/// The incident is declared, processed and ended.
pub async fn an_incident_changes_only_from_its_present_version(store: Tried) {
    assert_eq!(store.incidents().await.expect(WORKS), [], "before any was declared");
    let (first, second) = (incident_at(0), incident_at(1));
    for incident in [&second, &first, &second] {
        store.put_incident(None, incident).await.expect(WORKS);
    }
    assert_eq!(store.incidents().await.expect(WORKS), [first.clone(), second.clone()], "oldest first");
    let under_way = changed(&first, |incident| {
        incident.revocation = Some(StagedRevocation {
            reason: RevocationReason::KeyCompromise,
            begins_at: at(DAY),
            position: Some(Position::EndingFrom(at(2 * DAY))),
            revoked: 17,
            finished_at: None,
        });
    });
    for _ in 1..=2 {
        store.put_incident(Some(first.version), &under_way).await.expect(WORKS);
    }
    let ended = changed(&first, |incident| incident.ended_at = Some(at(DAY)));
    assert_conflict(store.put_incident(Some(first.version), &ended).await, "it is no longer what it was");
    assert_conflict(store.put_incident(None, &ended).await, "it is there");
    let ended = changed(&under_way, |incident| incident.ended_at = Some(at(DAY)));
    store.put_incident(Some(under_way.version), &ended).await.expect(WORKS);
    assert_eq!(store.incidents().await.expect(WORKS), [ended, second]);
}
