//! Makes and publishes CRLs: after a revocation, and on schedule before the last ones end. The schedule also tells of certificates that
//! end soon.

use authority::CrlTask;
use ra::{Authority, Error, Needs};
use store::IssuerRole;

/// What it uses beside the store.
pub const NEEDS: Needs = Needs { signer: true, publisher: true, ..Needs::STORE };

/// Does one task: a CRL with everything that is revoked by now.
///
/// # Errors
/// When it should come back.
pub async fn work(authority: &Authority, task: &CrlTask) -> Result<(), Error> {
    Ok(authority.crls().make(task).await?)
}

/// Rotates the nonce secrets; publishes what relying parties need of the issuing CAs, and makes those
/// of their CRLs anew that are due; tells of certificates that end soon. The roots are not this function's: it has no right to their keys.
///
/// # Errors
/// When it should be tried again.
pub async fn on_schedule(authority: &Authority) -> Result<(), Error> {
    authority.ensure_nonce_secrets().await?;
    let published = authority.crls().make_due(IssuerRole::Issuing).await.map_err(Error::from);
    published.and(authority.emit_expiring().await)
}

/// The same at the start of a host that may have crashed: every CRL is made anew.
///
/// # Errors
/// When it should be tried again.
pub async fn at_start(authority: &Authority) -> Result<(), Error> {
    authority.crls().make_all().await?;
    authority.emit_expiring().await
}
