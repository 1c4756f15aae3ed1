//! What operators do, tested at the authority: what takes effect at once, what is recorded, what
//! continues after a crash, and what clients see of it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what does not go well fails the test"
)]

mod acts;
#[allow(dead_code, reason = "the tests of `ra` use more of it")]
#[path = "../../../ra/tests/issuance/ca.rs"]
mod ca;
mod external_account;
mod incidents;
mod issuer_revocations;
mod issuers;
mod operated;
mod time;
