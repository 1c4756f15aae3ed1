//! Makes and publishes CRLs: after a revocation, and on schedule before the last ones end.

use ra::{Authority, CrlTask, Error};

/// Does one task: a CRL with everything that is revoked by now.
///
/// # Errors
/// When it should come back.
pub async fn work(authority: &Authority, task: &CrlTask) -> Result<(), Error> {
    authority.publish_crl(task).await
}

/// Publishes what relying parties need of every issuer; makes the CRLs anew that are due.
///
/// # Errors
/// When it should be tried again.
pub async fn on_schedule(authority: &Authority) -> Result<(), Error> {
    authority.publish_what_is_due().await
}

/// The same at the start of a host that may have crashed: every CRL is made anew.
///
/// # Errors
/// When it should be tried again.
pub async fn at_start(authority: &Authority) -> Result<(), Error> {
    authority.publish_everything().await
}
