//! Periodic work of a running host.

use std::{sync::Arc, time::Duration};

use publish_crl::Upkeep;
use ra::Parts;
use store::{IssuerRole, embedded::EmbeddedStore};
use tokio::time;

use crate::own_certificate::OwnCertificate;

/// Renews the host's own certificates, rotates nonce secrets, generates CRLs that are due, seals
/// receipts, continues the revocations of incidents, and deletes expired records. Receipts are also
/// sealed at once if days are unsealed. Never ends; dropping the future is harmless.
pub(crate) async fn maintain(
    operator: Arc<operator::Parts>,
    parts: Arc<Parts>,
    upkeep: Upkeep,
    store: Arc<EmbeddedStore>,
    own_certificates: Vec<Arc<OwnCertificate>>,
    is_unsealed: bool,
) {
    if is_unsealed && let Err(error) = upkeep.sealing.seal_due().await {
        tracing::error!(error = &error as &dyn std::error::Error, "the receipts were not sealed");
    }
    let mut clock = time::interval(EVERY);
    clock.tick().await;
    loop {
        clock.tick().await;
        for own in &own_certificates {
            if let Err(error) = own.renew_if_due(&parts.host_certificates, operator.clock.now()).await {
                tracing::error!(%error, "the host's own certificate was not renewed");
            }
        }
        if let Err(error) = publish_crl::on_schedule(&upkeep).await {
            tracing::error!(error = &error as &dyn std::error::Error, "CRLs were not published");
        }
        if let Err(error) = upkeep.crls.make_due(IssuerRole::Root).await {
            tracing::error!(error = &error as &dyn std::error::Error, "the root's CRL was not published");
        }
        // At most a minute, so that the other work is not delayed.
        if let Err(error) = admin::continue_revocations(&operator, A_MINUTE).await {
            tracing::error!(error = &error as &dyn std::error::Error, "the revocations of incidents were interrupted");
        }
        // Small batches, because writes of clients wait for each.
        loop {
            match store.purge(operator.clock.now(), PORTION).await {
                Ok(purged) if purged < PORTION => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "expired records were not deleted");
                    break;
                }
            }
        }
    }
}

const EVERY: Duration = Duration::from_secs(60);
const A_MINUTE: u16 = 60;
const PORTION: usize = 500;
