//! Why a function did not start. Lambda shows it in the function's log.

use std::io;

use crate::EnvironmentError;

/// Why a function did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A required environment variable is missing or invalid.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// An environment variable has a value that the settings of the function do not allow.
    #[error(transparent)]
    Settings(lambda_runtime::Error),
    /// The environment variables of Lambda are missing, so Lambda did not start the process.
    #[error("this program runs on AWS Lambda; `cargo run` starts the same CA in one process")]
    NotOnLambda,
    /// The operating system refused resources for the async runtime.
    #[error("the operating system refused resources that the process needs: {0}")]
    System(#[from] io::Error),
    /// The runtime interface of Lambda failed.
    #[error("the runtime interface failed: {0}")]
    Runtime(#[source] lambda_runtime::Error),
}
