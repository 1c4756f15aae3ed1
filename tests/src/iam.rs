//! IAM's rules, as an independent simulator has them, and the policies of a deployed template.
//!
//! The simulator is a program of others that the tests run in a process of its own; who judges it
//! is `tests/tests/aws/verdicts.rs`.

mod rights;
mod simulator;

pub use rights::{Rights, role_of};
pub use simulator::{Policies, Question, Request, Simulator, Verdict};
