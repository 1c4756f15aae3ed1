//! The function on Lambda: what it is constructed from. The statements of its role in the template
//! say the same.

use std::sync::Arc;

use authority::CrlTask;
use aws::{Clients, StartError, Worker};
use issuing::{Crls, Issuers, Lives, Sealing};
use operator::ExpiryNotices;
use ra::NonceSecretRotation;

use crate::Upkeep;

/// Constructs the function.
///
/// # Errors
/// When the environment lacks something.
pub fn open(clients: &Clients) -> Result<Worker<CrlTask>, StartError> {
    let issuers = Arc::new(Issuers::new(clients.issuer_store(), clients.clock(), clients.remembered()));
    let lives = Lives::new(issuers.clone(), clients.crl_store(), clients.clock());
    let sealing =
        Sealing::new(issuers.clone(), clients.seal_store(), clients.profile_store(), clients.signer(), clients.clock());
    let crls = Arc::new(Crls::new(
        issuers,
        clients.crl_store(),
        clients.signer(),
        clients.publisher()?,
        clients.status_url(),
        clients.clock(),
    ));
    let upkeep = Upkeep {
        nonce_secrets: Arc::new(NonceSecretRotation::new(clients.nonce_store(), clients.clock())),
        crls: crls.clone(),
        expiry: Arc::new(ExpiryNotices::new(
            clients.lookup_store(),
            clients.watch_store(),
            clients.events(),
            clients.clock(),
            clients.settings().expiring,
        )),
        sealing: Arc::new(sealing),
    };
    let work = aws::work_by(crls, |crls, task| Box::pin(async move { Ok(crate::work(crls, &task).await?) }));
    let due = aws::work_by((upkeep, lives), |(upkeep, lives), ()| {
        Box::pin(async move {
            let kept = crate::on_schedule(upkeep).await;
            // Also what could not be renewed.
            let measured = lives.measure().await;
            Ok(kept.and(measured)?)
        })
    });
    Ok(Worker::new(work, Some(due)))
}
