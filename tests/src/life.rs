//! The life of a stack: what CloudFormation would make, change, replace, delete and leave, as a
//! model of its documented rules.
//!
//! - [`Stack`] is a template with the values of its parameters and every function evaluated.
//! - [`Schemas`] are those of the providers of resources, which the linter of SAM carries: which
//!   properties cannot be changed, and which of them is a name.
//! - [`Update`] is what an update from one stack to another does to each resource.
//! - [`Account`] is what there is, whichever stack made it, and so which names are taken.

mod account;
mod change;
mod schema;
mod stack;

pub use account::{Account, Thing};
pub use change::{Change, Update};
pub use schema::{Schema, Schemas};
pub use stack::{Policy, Resource, Stack};
