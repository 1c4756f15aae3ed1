//! Why a step failed.

use std::{io, path::PathBuf};

use thiserror::Error;

use crate::Error;

/// Why a step failed.
#[derive(Debug, Error)]
pub(super) enum Fault {
    /// The CA does not go on as the same CA.
    #[error("the root was {before}, and is {after}")]
    AnotherRoot { before: String, after: String },
    /// A relying party does not see what it should see.
    #[error("the certificate of {client} should be {wanted}, and openssl says: {said}")]
    Certificate { client: &'static str, wanted: &'static str, said: String },
    /// A file could not be read or written.
    #[error("{}: {source}", .path.display())]
    File { path: PathBuf, source: io::Error },
    /// The operator wanted to stop.
    #[error("it was interrupted")]
    Interrupted,
    /// What should have been taken back is still there.
    #[error("there still is {}", .0.join(", "))]
    Left(Vec<String>),
    /// What should have been retained is gone.
    #[error("there is no longer {}", .0.join(", "))]
    Lost(Vec<String>),
    /// An answer does not have a member that it should have.
    #[error("{answer} has no {member}")]
    Member { answer: String, member: String },
    /// A program failed.
    #[error("{0}")]
    Program(#[from] Error),
    /// The reason for a failure is not in what CloudFormation reports.
    #[error("nothing says {wanted}; CloudFormation says: {said}")]
    Reason { wanted: &'static str, said: String },
    /// Something took too long.
    #[error("{what} after {minutes} minutes")]
    Slow { what: String, minutes: u64 },
    /// A stack did not come to the state that it should come to.
    #[error("the stack {stack} is {status} and should be {wanted}: {reasons}")]
    Stack { stack: String, status: String, wanted: &'static str, reasons: String },
}
