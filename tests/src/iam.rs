//! IAM's rules, as an independent simulator has them.
//!
//! The simulator is a program of others that the tests run in a process of its own; who judges it
//! is `tests/tests/aws/verdicts.rs`.

mod simulator;

pub use simulator::{Action, Policies, Question, Simulator, Verdict};
