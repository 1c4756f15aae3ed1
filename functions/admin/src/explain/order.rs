//! The words about an order.

use acme::{Problem, Subproblem};
use operator::{ExplainedOrder, OrderSummary};

use super::{Explanation, OrderLine, Records, advice, listed, timeline, verdict};

/// The order, with everything that is stored about it.
pub(super) fn explanation(facts: ExplainedOrder) -> Explanation {
    let ExplainedOrder { at, account, order, status, authorizations, certificate, limits, .. } = facts;
    let names: Vec<_> = facts.verdicts.into_iter().map(verdict::line).collect();
    let mut advice = advice::for_order(&account, status, &authorizations, at);
    advice.extend(advice::for_a_new_order(&names, &limits));
    Explanation {
        summary: format!(
            "The order {} of the account {} in the directory {} is {}.",
            order.id,
            account.id,
            order.directory,
            format!("{status:?}").to_lowercase()
        ),
        error: facts.error,
        advice,
        timeline: timeline::of_order(&order, &authorizations, certificate.as_ref(), at),
        names,
        limits,
        orders: Vec::new(),
        records: Records {
            external_account_key: facts.external_account_key,
            account: Some(account),
            order: Some(order),
            authorizations,
            certificate,
        },
    }
}

/// The order, as one of a list.
pub(super) fn line(summary: OrderSummary) -> OrderLine {
    OrderLine {
        order: summary.order,
        account: summary.account,
        made_at: summary.made_at,
        status: summary.status,
        names: summary.identifiers.iter().map(ToString::to_string).collect(),
        reason: summary.error.as_ref().map(reason),
    }
}

/// A problem as one line.
fn reason(error: &Problem) -> String {
    let of_name = |problem: &Subproblem| format!("{}: {}", problem.identifier.value, problem.detail);
    match error.subproblems.as_slice() {
        [] => error.detail.clone(),
        of_names => listed(of_names.iter().map(of_name)),
    }
}
