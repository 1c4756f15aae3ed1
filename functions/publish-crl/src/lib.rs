//! Generates and publishes CRLs: after a revocation, and on schedule before the present ones
//! expire. The schedule also emits events for certificates that expire soon.

use authority::CrlTask;
use ra::{Authority, Error, Needs};
use store::IssuerRole;

/// What it uses beside the store.
pub const NEEDS: Needs = Needs { signer: true, publisher: true, ..Needs::STORE };

/// Processes one task: a CRL with all present revocations.
///
/// # Errors
/// The task should be retried.
pub async fn work(authority: &Authority, task: &CrlTask) -> Result<(), Error> {
    Ok(authority.crls().make(task).await?)
}

/// Rotates the nonce secrets, publishes the certificates of the issuing CAs, renews those of their
/// CRLs that are due, and emits events for certificates that expire soon. Roots are not included,
/// because this function has no permission to use their keys.
///
/// # Errors
/// The work should be retried.
pub async fn on_schedule(authority: &Authority) -> Result<(), Error> {
    authority.ensure_nonce_secrets().await?;
    let published = authority.crls().make_due(IssuerRole::Issuing).await.map_err(Error::from);
    published.and(authority.emit_expiring().await)
}

/// The same at the start of a host that may have crashed: every CRL is renewed.
///
/// # Errors
/// The work should be retried.
pub async fn at_start(authority: &Authority) -> Result<(), Error> {
    authority.crls().make_all().await?;
    authority.emit_expiring().await
}
