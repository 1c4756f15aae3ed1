//! What operators do to accounts, certificates and keys, and how they find them.
//!
//! Each act is recorded with its actor before it is done. Nobody reaches these verbs by ACME.

mod account;
mod certificate;
mod explain;

pub use explain::{ExplainedOrder, Explanation, Happening, NameVerdict, Records};
