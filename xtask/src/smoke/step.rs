//! What became of a step.

use std::time::Duration;

/// What a step showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// What it says, with a detail.
    Here(String),
    /// Only an account can show it; or only another machine.
    Elsewhere {
        /// What was done nevertheless.
        done: String,
        /// Why that is not enough.
        why: &'static str,
    },
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Why it failed.
    Failed(String),
    /// Why it was not run.
    NotRun(String),
    /// It ended well.
    Shown(Shown),
}

/// A step that is over.
#[derive(Clone, Debug)]
pub(super) struct Done {
    /// As in the list of all steps.
    pub(super) name: &'static str,
    /// What it does.
    pub(super) does: &'static str,
    /// How long it took.
    pub(super) duration: Duration,
    /// What became of it.
    pub(super) outcome: Outcome,
}

impl Done {
    /// Whether it makes the whole test fail, and those that need it cannot be run.
    pub(super) fn is_bad(&self) -> bool {
        !matches!(self.outcome, Outcome::Shown(_))
    }
}
