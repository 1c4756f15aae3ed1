//! How accounts and certificates are created, tested at the authority: with a signer that stops, a
//! clock that can be moved, and a store that is copied at the worst moment.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what does not go well fails the test"
)]

mod ca;
mod clearance;
mod crash;
mod crls;
mod limits;
mod names;
mod nonces;
mod one_way;
mod order_lists;
mod sealing;
mod unused;
mod waiting;
mod withdrawn;
