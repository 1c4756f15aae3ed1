//! The common base of the crates of the authority: `issuing` (creates certificates and CRLs), `ra`
//! (requests of clients) and `operator` (actions of operators).
//!
//! It contains what they share, and no decisions of any of them: the clock, randomness, retries of
//! conflicting writes, a cache, warnings that do not flood the log, the seams that a host
//! implements, one trait for each capability ([`ca::Signer`] is another), the emission of events,
//! the audit log, metrics, and [`Failure`] for what only the operator can resolve.

mod audit;
mod cache;
mod clock;
mod contention;
mod event;
mod failure;
mod metric;
mod once_a_minute;
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
pub use metric::Metric;
pub use once_a_minute::OnceAMinute;
pub use publisher::{PublishError, PublishedObject, Publisher};
pub use queue::{CrlQueue, CrlTask, IssuanceQueue, IssuanceTask, QueueError, ValidationQueue, ValidationTask};
pub use random::random;
pub use repeat_filter::RepeatFilter;
