//! The base that the rooms of the authority stand on: `issuing` (what makes certificates and CRLs), `ra` (what clients
//! ask) and what operators ask.
//!
//! It holds what they share and nothing that one of them decides: the clock, randomness, writes that are decided again
//! when another one came between, what is remembered for a while, the seams that a host fills, one trait for each
//! capability ([`ca::Signer`] is another), the emission of events, the record of what operators did, and [`Failure`]:
//! what only the operator can mend.

mod audit;
mod cache;
mod clock;
mod contention;
mod event;
mod failure;
mod publisher;
mod queue;
mod random;
mod repeat_filter;

pub use audit::AuditTrail;
pub use cache::Cache;
pub use clock::{Clock, SystemClock};
pub use contention::{Rounds, applied, versioned};
pub use event::{EventSink, Events, account_facts, certificate_facts, names};
pub use failure::Failure;
pub use publisher::{PublishError, PublishedObject, Publisher};
pub use queue::{CrlQueue, CrlTask, IssuanceQueue, IssuanceTask, QueueError, ValidationQueue, ValidationTask};
pub use random::random;
pub use repeat_filter::RepeatFilter;
