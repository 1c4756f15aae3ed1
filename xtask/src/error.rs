//! Why a chore ended early.

use std::{io, path::PathBuf, process::ExitStatus};

use thiserror::Error;

use crate::tidy::Finding;

/// Why a chore ended early.
#[derive(Debug, Error)]
pub enum Error {
    /// A program ended with a failure; its own output says why.
    #[error("`{command}` ended with {status}{output}")]
    Failed {
        /// Program and arguments.
        command: String,
        /// As the system reports it.
        status: ExitStatus,
        /// What it wrote, when that was not shown already; starts with a line end.
        output: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}", path = .path.display())]
    File {
        /// The file that was opened.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// `cargo metadata` answered something that this code does not understand.
    #[error("cargo metadata: {0}")]
    Metadata(#[from] serde_json::Error),
    /// A program could not be started.
    #[error("`{command}` does not start: {source}")]
    Start {
        /// Program and arguments.
        command: String,
        /// What the system answered.
        source: io::Error,
    },
    /// Rules of the repository are broken.
    #[error("{} of the repository's rules broken:{}", .0.len(), list(.0))]
    Untidy(Vec<Finding>),
}

fn list(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("\n  {finding}")).collect()
}
