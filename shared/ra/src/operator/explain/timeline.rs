//! What happened, with its times.

use acme::{Account, Authorization, ChallengeState, Order, OrderState};
use jiff::Timestamp;
use store::{AuditRecord, CertificateRecord, CertificateState};

use super::{TimelineEntry, listed};

/// The story of an order.
pub(super) fn of_order(
    order: &Order,
    authorizations: &[Authorization],
    certificate: Option<&CertificateRecord>,
    now: Timestamp,
) -> Vec<TimelineEntry> {
    let mut timeline = vec![happening(order.created_at, ordered(order))];
    for authorization in authorizations {
        of_authorization(order, authorization, &mut timeline);
    }
    if let Some(issuance) = order.issuance() {
        let what = format!("the client finalized, and the certificate {} was intended", issuance.certificate);
        timeline.push(happening(issuance.began_at, what));
    }
    if let Some(certificate) = certificate {
        of_certificate(certificate, &mut timeline);
    }
    if matches!(order.state, OrderState::Open) && order.expires_at <= now {
        timeline.push(happening(order.expires_at, "the order expired".to_owned()));
    }
    sorted(timeline)
}

/// The beginning of an account, and what operators did to it.
pub(super) fn of_account(account: &Account, acts: &[AuditRecord]) -> Vec<TimelineEntry> {
    let made = match account.external_account {
        Some(key) => format!("the account was made with the key {key} of an external account"),
        None => "the account was made".to_owned(),
    };
    let mut timeline = vec![happening(account.created_at, made)];
    if let Some(agreed) = &account.agreed_terms {
        let terms = agreed.url.as_ref().map(|url| format!(" at {url}")).unwrap_or_default();
        timeline.push(happening(agreed.at, format!("its client agreed to the terms of service{terms}")));
    }
    let act = |act: &AuditRecord| happening(act.at, format!("{}: {}", act.actor, act.action));
    timeline.extend(acts.iter().map(act));
    sorted(timeline)
}

/// By time; what has the same time stays in its order.
pub(super) fn sorted(mut timeline: Vec<TimelineEntry>) -> Vec<TimelineEntry> {
    timeline.sort_by_key(|happening| happening.at);
    timeline
}

fn ordered(order: &Order) -> String {
    let mut what = format!("the client ordered {}", listed(&order.identifiers));
    for (name, value) in [
        ("notBefore", order.not_before.map(|at| at.to_string())),
        ("notAfter", order.not_after.map(|at| at.to_string())),
        ("profile", order.profile.clone()),
        ("in place of", order.replaces.as_ref().map(ToString::to_string)),
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
        let what = format!("{name} was pre-approved by the rule {rule}: nothing was to be shown");
        timeline.push(happening(authorization.created_at, what));
    } else if authorization.created_at < order.created_at {
        timeline.push(happening(order.created_at, format!("for {name} an earlier authorization was taken")));
    }
    for challenge in &authorization.challenges {
        let way = challenge.r#type;
        for (number, attempt) in challenge.attempts.iter().enumerate() {
            let address = attempt.address.map(|address| format!(" at {address}")).unwrap_or_default();
            let what = format!("{way} for {name}: attempt {} failed{address}: {}", number + 1, attempt.problem.detail);
            timeline.push(happening(attempt.at, what));
        }
        match &challenge.state {
            ChallengeState::Valid { at, address } => {
                let address = address.map(|address| format!(" at {address}")).unwrap_or_default();
                timeline.push(happening(*at, format!("{way} for {name}: control was shown{address}")));
            }
            ChallengeState::Invalid { at, .. } => {
                timeline.push(happening(*at, format!("{way} for {name}: given up, the authorization is invalid")));
            }
            ChallengeState::Pending | ChallengeState::Processing(_) => {}
        }
    }
}

fn of_certificate(certificate: &CertificateRecord, timeline: &mut Vec<TimelineEntry>) {
    if let CertificateState::Issued { .. } = certificate.state {
        let what = format!("the certificate begins to be valid; it ends {}", certificate.not_after);
        timeline.push(happening(certificate.not_before, what));
    }
    if let Some(replacement) = certificate.replacement {
        let what = format!("the order {} was made to replace the certificate", replacement.order);
        timeline.push(happening(acme::whole_seconds(replacement.order.made_at()), what));
    }
    if let Some(revocation) = &certificate.revocation {
        timeline.push(happening(revocation.at, format!("the certificate was revoked ({:?})", revocation.reason)));
    }
}

fn happening(at: Timestamp, what: String) -> TimelineEntry {
    TimelineEntry { at, what }
}
