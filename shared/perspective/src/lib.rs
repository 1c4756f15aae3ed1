//! Validation seen from several networks, which the Baseline Requirements of the CA/Browser Forum
//! call Multi-Perspective Issuance Corroboration (section 3.2.2.9): who can divert the traffic of
//! one network deceives one perspective, and not all of them.
//!
//! The CA validates first, by itself. Only when it succeeds are the remote perspectives asked, all
//! at once: each runs the same [`validation::probe`] and says what it saw. A perspective has no
//! store, no keys and no queue. What it answers counts only if it answers that question, under its
//! own name, from its own region.

mod answer;
mod channel;
mod corroborate;
mod function_region;
#[cfg(fuzzing)]
pub mod fuzzing;
mod member;
mod message;
mod quorum;
mod region;
mod weakness;

pub use answer::{Standpoint, answer};
pub use channel::{Channel, ChannelError};
pub use corroborate::{Perspectives, Remote, Uncorroborated};
pub use function_region::{AwsRegion, members_of};
pub use member::{Location, Member, MemberFault, check_members, check_name};
pub use message::{Answer, MAX_MESSAGE, Question, Sight};
pub use quorum::Quorum;
pub use region::{Region, UnknownRegion};
pub use weakness::{Weakness, weaknesses};
