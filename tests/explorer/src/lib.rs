//! An explorer of interleavings: two operations of the CA, each in a process of its own, make their
//! calls of the store, the signer and the queues in every order, and each of the processes crashes
//! after each of its calls. After every call, and when everything that a CA does after a crash is
//! done, the rules must hold: an order has one certificate, no revocation is lost, no authorization
//! is used after it ended, a key has one account.
//!
//! - [`memory`]: the engine, which keeps the contract of the store, and whose conditions can be
//!   dropped one by one
//! - [`gate`]: each call of the store is a turn
//! - [`seam`]: the signer, the queues, the published files and the clock
//! - [`world`]: the CA at the start
//! - [`operation`]: what is asked of it
//! - [`schedule`]: who goes on when, and who crashes
//! - [`witness`]: the rules
//! - `shown`: what an engine that cannot be looked into shows of its records
//!
//! A schedule is the operation that starts and the turns after which the other one goes on
//! although it need not: its preemptions. Nearly all faults of concurrency need no more than two.
//! The engine in memory is explored exhaustively by the tests; the embedded engine and the one on
//! DynamoDB by seeded schedules, in an example of the package `tests`.

pub mod gate;
pub mod memory;
pub mod operation;
pub mod schedule;
pub mod seam;
pub mod witness;
pub mod world;

mod shown;
