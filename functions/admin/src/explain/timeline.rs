//! The timeline of an explanation.

use acme::{Account, Authorization, ChallengeState, Observation, Order, OrderState};
use jiff::Timestamp;
use store::{AuditRecord, CertificateRecord, CertificateState};

use super::{TimelineEntry, listed};
use crate::observed;

/// The timeline of an order.
pub(super) fn of_order(
    order: &Order,
    authorizations: &[Authorization],
    certificate: Option<&CertificateRecord>,
    now: Timestamp,
) -> Vec<TimelineEntry> {
    let mut timeline = vec![entry(order.created_at, ordered(order))];
    for authorization in authorizations {
        of_authorization(order, authorization, &mut timeline);
    }
    if let Some(issuance) = order.issuance() {
        let what =
            format!("the client finalized the order, and issuance of the certificate {} started", issuance.certificate);
        timeline.push(entry(issuance.began_at, what));
    }
    if let Some(certificate) = certificate {
        of_certificate(certificate, &mut timeline);
    }
    if matches!(order.state, OrderState::Open) && order.expires_at <= now {
        timeline.push(entry(order.expires_at, "the order expired".to_owned()));
    }
    sorted(timeline)
}

/// The timeline of an account: its creation, and the acts of operators on it.
pub(super) fn of_account(account: &Account, acts: &[AuditRecord]) -> Vec<TimelineEntry> {
    let made = match account.external_account {
        Some(key) => format!("the account was created with the external account key {key}"),
        None => "the account was created".to_owned(),
    };
    let mut timeline = vec![entry(account.created_at, made)];
    if let Some(agreed) = &account.agreed_terms {
        let terms = agreed.url.as_ref().map(|url| format!(" at {url}")).unwrap_or_default();
        timeline.push(entry(agreed.at, format!("its client agreed to the terms of service{terms}")));
    }
    let act = |act: &AuditRecord| entry(act.at, format!("{}: {}", act.actor, act.action));
    timeline.extend(acts.iter().map(act));
    sorted(timeline)
}

/// The entries sorted by time; entries with the same time keep their order.
fn sorted(mut timeline: Vec<TimelineEntry>) -> Vec<TimelineEntry> {
    timeline.sort_by_key(|entry| entry.at);
    timeline
}

fn ordered(order: &Order) -> String {
    let mut what = format!("the client ordered {}", listed(&order.identifiers));
    for (name, value) in [
        ("notBefore", order.not_before.map(|at| at.to_string())),
        ("notAfter", order.not_after.map(|at| at.to_string())),
        ("profile", order.profile.clone()),
        ("replaces", order.replaces.as_ref().map(ToString::to_string)),
    ] {
        if let Some(value) = value {
            what += &format!(", {name} {value}");
        }
    }
    what
}

fn of_authorization(order: &Order, authorization: &Authorization, timeline: &mut Vec<TimelineEntry>) {
    let name = &authorization.identifier;
    if let Some(rule) = &authorization.pre_approval {
        let what = format!("{name} was pre-approved by the rule {rule}: no challenge was needed");
        timeline.push(entry(authorization.created_at, what));
    } else if authorization.created_at < order.created_at {
        timeline.push(entry(order.created_at, format!("for {name}, an earlier authorization was reused")));
    }
    for challenge in &authorization.challenges {
        let challenge_type = challenge.r#type;
        for (number, attempt) in challenge.attempts.iter().enumerate() {
            let address = attempt.address.map(|address| format!(" at {address}")).unwrap_or_default();
            let what = format!(
                "{challenge_type} for {name}: attempt {} failed{address}: {}",
                number + 1,
                attempt.whole().detail
            );
            timeline.push(entry(attempt.at, what));
            for what in observed::perspectives(&attempt.perspectives) {
                timeline.push(entry(attempt.at, format!("perspectives for {name}: {what}")));
            }
        }
        match &challenge.state {
            ChallengeState::Valid { at, address } => {
                let what = if authorization.is_unvalidated() {
                    "NOT validated: a test switch let it through".to_owned()
                } else {
                    format!("validated{}", address.map(|address| format!(" at {address}")).unwrap_or_default())
                };
                timeline.push(entry(*at, format!("{challenge_type} for {name}: {what}")));
                for authentic in seen(authorization).filter_map(|observation| observation.authenticated) {
                    timeline.push(entry(*at, format!("DNS for {name}: {}", observed::authenticity(authentic))));
                }
                for permission in seen(authorization).filter_map(|observation| observation.caa.as_ref()) {
                    timeline.push(entry(*at, format!("CAA for {name}: {}", observed::caa(permission))));
                }
                let observations = authorization.evidence.iter().flat_map(|evidence| &evidence.observations);
                for what in observed::perspectives(observations) {
                    timeline.push(entry(*at, format!("perspectives for {name}: {what}")));
                }
            }
            ChallengeState::Invalid { at, .. } => {
                timeline.push(entry(
                    *at,
                    format!("{challenge_type} for {name}: no attempts are left, the authorization is invalid"),
                ));
            }
            ChallengeState::Pending | ChallengeState::Processing(_) => {}
        }
    }
}

/// What the CA observed itself when control was shown.
fn seen(authorization: &Authorization) -> impl Iterator<Item = &Observation> {
    let observations = authorization.evidence.iter().flat_map(|evidence| &evidence.observations);
    observations.filter(|observation| observation.is_own())
}

fn of_certificate(certificate: &CertificateRecord, timeline: &mut Vec<TimelineEntry>) {
    if let CertificateState::Issued { .. } = certificate.state {
        let what = format!("the certificate became valid; it expires at {}", certificate.not_after);
        timeline.push(entry(certificate.not_before, what));
    }
    if let Some(replacement) = certificate.replacement {
        let what = format!("the order {} was placed to replace the certificate", replacement.order);
        timeline.push(entry(acme::whole_seconds(replacement.order.made_at()), what));
    }
    if let Some(revocation) = &certificate.revocation {
        timeline.push(entry(revocation.at, format!("the certificate was revoked ({:?})", revocation.reason)));
    }
}

fn entry(at: Timestamp, what: String) -> TimelineEntry {
    TimelineEntry { at, what }
}
