//! Why a function did not start. Lambda shows it in the function's log.

use std::io;

use crate::EnvironmentError;

/// Why a function did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The environment lacks something.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// The environment says something that the function's own settings cannot be.
    #[error(transparent)]
    Settings(lambda_runtime::Error),
    /// The process was not started by Lambda.
    #[error("this program runs on AWS Lambda; `cargo run` starts the same CA in one process")]
    NotOnLambda,
    /// The operating system does not let the process run.
    #[error("the operating system refused the process what it needs: {0}")]
    System(#[from] io::Error),
    /// Lambda's runtime interface went away.
    #[error("the runtime interface failed: {0}")]
    Runtime(#[source] lambda_runtime::Error),
}
