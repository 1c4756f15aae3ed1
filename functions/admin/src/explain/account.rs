//! The words about an account.

use acme::Account;
use operator::ExplainedAccount;
use ra::LimitState;
use store::ExternalAccountKey;

use super::{Explanation, Records, advice, listed, order, timeline};

/// The account, with its newest orders.
pub(super) fn explanation(facts: ExplainedAccount) -> Explanation {
    let ExplainedAccount { account, external_account_key, acts, limits, orders } = facts;
    Explanation {
        summary: summary(&account, external_account_key.as_ref()),
        error: None,
        advice: advice(&account, external_account_key.as_ref(), &limits),
        timeline: timeline::of_account(&account, &acts),
        names: Vec::new(),
        limits,
        orders: orders.into_iter().map(order::line).collect(),
        records: Records { account: Some(account), external_account_key, ..Records::default() },
    }
}

fn advice(account: &Account, key: Option<&ExternalAccountKey>, limits: &[LimitState]) -> Vec<String> {
    let mut advice = advice::for_account(account);
    advice
        .extend(key.filter(|key| key.revoked).map(|key| {
            format!("Its external account key {} was revoked: it no longer pre-approves anything.", key.id)
        }));
    advice.extend(advice::for_a_new_order(&[], limits));
    if advice.is_empty() {
        advice.push(
            "The account can place orders. For one order or identifier, use explain --order or explain --name.".into(),
        );
    }
    advice
}

/// The status of the account, its contacts, and its external account binding.
fn summary(account: &Account, key: Option<&ExternalAccountKey>) -> String {
    let Account { id, directory, status, contact, .. } = account;
    let mut summary =
        format!("The account {id} in the directory {directory} is {}.", format!("{status:?}").to_lowercase());
    if !contact.is_empty() {
        summary += &format!(" Its contact is {}.", listed(contact));
    }
    if let Some(key) = key {
        summary += &format!(" It was bound with the external account key {}", key.id);
        if !key.label.is_empty() {
            summary += &format!(", labelled {}", key.label);
        }
        let scope = if key.scope.is_empty() { "all identifiers".to_owned() } else { listed(&key.scope) };
        summary += &format!("; its scope is {scope}.");
    }
    summary
}
