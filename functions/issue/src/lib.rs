//! Queue worker: completes an issuance that a crash or an unavailable signer interrupted.

#[cfg(feature = "lambda")]
pub mod lambda;

use authority::IssuanceTask;
use issuing::{Error, Resumption};

/// Processes one task. Processing it twice is harmless.
///
/// # Errors
/// It failed again; the task should be retried.
pub async fn work(resumption: &Resumption, task: IssuanceTask) -> Result<(), Error> {
    resumption.resume(task).await
}
