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
    /// The operator did not agree.
    #[error("nothing was made")]
    Declined,
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
    /// AWS does not know who is asking.
    #[error(
        "there are no credentials for AWS here; `aws configure` or the variables AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY bring them: {0}"
    )]
    NoCredentials(String),
    /// A parameter has no value.
    #[error("`{0}` is no parameter with its value, NAME=VALUE")]
    NoParameter(String),
    /// The prefix of stacks is no name that all of them can have.
    #[error(
        "`{0}` cannot begin the names of stacks: lower-case letters, digits and hyphens, a letter first, 14 at most"
    )]
    NoPrefix(String),
    /// No one says which region.
    #[error("there is no region; name one with --region")]
    NoRegion,
    /// The folder has nothing that could be deployed.
    #[error("{} has no template.yaml; `cargo xtask dist` fills it", .0.display())]
    NotPacked(PathBuf),
    /// Steps of the smoke test failed.
    #[error("the smoke test failed: {0}")]
    Smoked(String),
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
