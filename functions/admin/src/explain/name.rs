//! The words about an identifier.

use acme::Identifier;
use operator::ExplainedName;

use super::{Explanation, Records, advice, order, verdict};

/// The identifier, with the newest certificates for it and the timeline of its newest order.
pub(super) fn explanation(name: &Identifier, facts: ExplainedName) -> Explanation {
    let summary = summary(name, &facts);
    let mut advice = vec![advice(name, &facts)];
    advice.extend(advice::for_a_new_order(&[], &facts.limits));
    let newest = facts.newest_order.map(order::explanation);
    let (timeline, records) = newest.map_or((Vec::new(), Records::default()), |order| (order.timeline, order.records));
    Explanation {
        summary,
        error: None,
        advice,
        timeline,
        names: facts.verdicts.into_iter().map(verdict::line).collect(),
        limits: facts.limits,
        orders: facts.orders.into_iter().map(order::line).collect(),
        records,
    }
}

/// How many profiles would accept an order, and how many certificates there are.
fn summary(name: &Identifier, facts: &ExplainedName) -> String {
    let certificates = match (facts.certificates.len(), facts.more_certificates) {
        (1, false) => "1 certificate".to_owned(),
        (count, false) => format!("{count} certificates"),
        (count, true) => format!("{count} or more certificates"),
    };
    format!(
        "{} of {} ACME Profiles would accept an order for {name}; it has {certificates}.",
        accepting(facts),
        facts.verdicts.len(),
    )
}

fn advice(name: &Identifier, facts: &ExplainedName) -> String {
    if accepting(facts) == 0 {
        format!("No profile accepts an order for {name}; the reasons are below.")
    } else if !facts.orders.is_empty() {
        format!("The timeline shows what became of the newest order for {name}.")
    } else if facts.certificates.is_empty() {
        format!("There is no certificate for {name}. To find unsuccessful orders, use explain --account.")
    } else if facts.certificates.iter().all(|certificate| certificate.order.is_none()) {
        format!("No client ordered a certificate for {name}: the host obtained it for its own HTTPS listener.")
    } else {
        format!("The orders of the certificates for {name} are no longer stored.")
    }
}

fn accepting(facts: &ExplainedName) -> usize {
    facts.verdicts.iter().filter(|verdict| verdict.decision.is_ok()).count()
}
