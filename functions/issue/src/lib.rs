//! Queue worker: completes an issuance that a crash or an unavailable signer interrupted.

use authority::IssuanceTask;
use ra::{Authority, Error, Needs};

/// What it uses beside the store.
pub const NEEDS: Needs = Needs { signer: true, ..Needs::STORE };

/// Processes one task. Processing it twice is harmless.
///
/// # Errors
/// It failed again; the task should be retried.
pub async fn work(authority: &Authority, task: IssuanceTask) -> Result<(), Error> {
    Ok(authority.resumption().resume(task).await?)
}
