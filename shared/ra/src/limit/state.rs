//! The state of limits, for operators.

use acme::{Account, Identifier};
use authority::Failure;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::LimitWindow;

use super::{Count, Counter, of_certificate, of_failed_validation, of_key_change, of_order, of_stored_order};
use crate::{Directory, Limits, limit::counts::of_name};

/// How full a limit is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LimitState {
    /// The name of the limit's field in the profile.
    pub limit: String,
    /// The subject that it counts for.
    pub of: String,
    /// The count in the current window.
    pub used: u32,
    /// The maximum in a window.
    pub maximum: u32,
    /// The time at which the next window starts.
    pub frees_at: Timestamp,
}

impl Limits {
    /// How full the limits are that count the account's requests.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn states_for_account(&self, serving: &Directory, account: &Account) -> Result<Vec<LimitState>, Failure> {
        let mut counts = of_stored_order(serving, account.id, 1);
        counts.extend(of_order(serving, account, &[]));
        counts.push(of_failed_validation(serving, account.id));
        counts.extend(of_certificate(serving, account, &[]).into_iter().skip(1));
        counts.push(of_key_change(serving, account.id));
        self.states(serving, &counts).await
    }

    /// How full the limits are that count an order of the account for these identifiers.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn states_for_order(
        &self,
        serving: &Directory,
        account: &Account,
        names: &[Identifier],
    ) -> Result<Vec<LimitState>, Failure> {
        let mut counts = of_stored_order(serving, account.id, 1);
        counts.extend(of_order(serving, account, names));
        counts.push(of_failed_validation(serving, account.id));
        counts.extend(of_certificate(serving, account, names));
        self.states(serving, &counts).await
    }

    /// How full the limits are that count an order for the identifier, whichever account places it.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn states_for_name(&self, serving: &Directory, name: &Identifier) -> Result<Vec<LimitState>, Failure> {
        self.states(serving, &of_name(serving, name)).await
    }

    /// How full the counters for these counts are; those without a limit are left out.
    async fn states(&self, serving: &Directory, counts: &[Count]) -> Result<Vec<LimitState>, Failure> {
        let now = self.clock.now();
        let counters: Vec<Counter> = counts.iter().filter_map(|count| count.counter(serving, now)).collect();
        let parts = counters.iter().flat_map(|counter| &counter.parts);
        let windows: Vec<LimitWindow> = parts.map(|part| part.window.clone()).collect();
        let mut used = if windows.is_empty() { Vec::new() } else { self.counters.counted(&windows).await? }.into_iter();
        let state = |counter: &Counter| LimitState {
            limit: counter.name.to_owned(),
            of: counter.of.to_string(),
            used: used.by_ref().take(counter.parts.len()).fold(0, u32::saturating_add),
            maximum: counter.limit.maximum,
            frees_at: counter.parts.first().map_or(now, |part| part.window.ends_at()),
        };
        Ok(counters.iter().map(state).collect())
    }
}
