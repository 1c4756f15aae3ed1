//! Queue worker: finishes an issuance that a crash or a lost signer interrupted.

use authority::IssuanceTask;
use ra::{Authority, Error, Needs};

/// What it uses beside the store.
pub const NEEDS: Needs = Needs { signer: true, ..Needs::STORE };

/// Does one task. Doing it twice is harmless.
///
/// # Errors
/// When it failed again and should come back.
pub async fn work(authority: &Authority, task: IssuanceTask) -> Result<(), Error> {
    Ok(authority.resumption().resume(task).await?)
}
