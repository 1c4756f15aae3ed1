//! Why a chore failed.

use std::{io, path::PathBuf, process::ExitStatus};

use thiserror::Error;

use crate::tidy::Violation;

/// Why a chore failed.
#[derive(Debug, Error)]
pub enum Error {
    /// A line of a kept corpus is not base64.
    #[error("{path}, line {line}: not base64", path = .path.display())]
    Corpus {
        /// The path of the file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
    },
    /// A program reported a failure.
    #[error("`{command}` ended with {status}{output}")]
    Failed {
        /// The program and its arguments.
        command: String,
        /// The exit status that the system reported.
        status: ExitStatus,
        /// The output of the program, unless it was already shown; starts with a line break.
        output: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}", path = .path.display())]
    File {
        /// The path of the file.
        path: PathBuf,
        /// The error of the file system.
        source: io::Error,
    },
    /// Judges found faults.
    #[error("the CA did not pass before: {0}")]
    Judged(String),
    /// The output of a program does not have the expected form.
    #[error("not the expected JSON: {0}")]
    Metadata(#[from] serde_json::Error),
    /// Tools are missing without which nothing can be done.
    #[error("not installed: {0}")]
    Missing(String),
    /// A program could not be started.
    #[error("`{command}` does not start: {source}")]
    Start {
        /// The program and its arguments.
        command: String,
        /// The error of the system.
        source: io::Error,
    },
    /// The template is not written as expected.
    #[error("template.yaml: {0}")]
    Template(String),
    /// There is no judge of this name.
    #[error("there is no judge `{0}`; `cargo xtask judges --list` names them")]
    UnknownJudge(String),
    /// There is no fuzz target of this name.
    #[error("there is no fuzz target `{0}`")]
    UnknownTarget(String),
    /// The repository breaks rules of its own.
    #[error("{} violations of the repository's rules:{}", .0.len(), list(.0))]
    Untidy(Vec<Violation>),
}

fn list(violations: &[Violation]) -> String {
    violations.iter().map(|violation| format!("\n  {violation}")).collect()
}
