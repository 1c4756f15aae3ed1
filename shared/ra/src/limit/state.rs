//! How full a limit is, for operators.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::LimitWindow;

use super::{Count, Counter};
use crate::{Directory, Error, Limits};

/// How full a limit is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LimitState {
    /// The name of its field in the profile.
    pub limit: String,
    /// For whom or what it counts.
    pub of: String,
    /// How often it was counted in this window.
    pub used: u32,
    /// How often at most.
    pub maximum: u32,
    /// When the next window begins.
    pub frees_at: Timestamp,
}

impl Limits {
    /// How full the counters are that these would be counted at; what has no limit is left out.
    pub(crate) async fn states(&self, serving: &Directory, counts: &[Count]) -> Result<Vec<LimitState>, Error> {
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
