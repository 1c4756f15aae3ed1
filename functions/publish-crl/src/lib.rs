//! Generates and publishes CRLs: after a revocation, and on schedule before the present ones
//! expire. The schedule also emits events for certificates that expire soon, and seals the receipts
//! of past days.

#[cfg(feature = "lambda")]
pub mod lambda;

use std::sync::Arc;

use authority::CrlTask;
use issuing::{Crls, Error, Sealing};
use operator::ExpiryNotices;
use ra::NonceSecretRotation;
use store::IssuerRole;

/// What is due on schedule.
pub struct Upkeep {
    /// Creates and rotates the nonce secrets.
    pub nonce_secrets: Arc<NonceSecretRotation>,
    /// Signs CRLs and publishes them.
    pub crls: Arc<Crls>,
    /// Emits that certificates end soon.
    pub expiry: Arc<ExpiryNotices>,
    /// Seals the receipts of past days.
    pub sealing: Arc<Sealing>,
}

/// Processes one task: a CRL with all present revocations.
///
/// # Errors
/// The task should be retried.
pub async fn work(crls: &Crls, task: &CrlTask) -> Result<(), issuing::Error> {
    crls.make(task).await
}

/// Rotates the nonce secrets, publishes the certificates of the issuing CAs, renews those of their
/// CRLs that are due, emits events for certificates that expire soon, and seals the receipts of
/// past days. Roots are not included, because this function has no permission to use their keys.
///
/// # Errors
/// The work should be retried.
pub async fn on_schedule(upkeep: &Upkeep) -> Result<(), Error> {
    upkeep.nonce_secrets.ensure().await?;
    let published = upkeep.crls.make_due(IssuerRole::Issuing).await;
    let told = upkeep.expiry.emit().await.map_err(Error::from);
    // The last: a CRL never waits for it.
    let sealed = upkeep.sealing.seal_due().await;
    published.and(told).and(sealed)
}

/// The same at the start of a host that may have crashed: every CRL is renewed.
///
/// # Errors
/// The work should be retried.
pub async fn at_start(upkeep: &Upkeep) -> Result<(), Error> {
    upkeep.crls.make_all().await?;
    Ok(upkeep.expiry.emit().await?)
}
