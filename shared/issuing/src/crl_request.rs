//! CRLs that are asked for, to be made by the process that may use the issuer's key.

use std::sync::Arc;

use authority::{CrlQueue, CrlTask, Failure};
use jiff::Timestamp;
use store::{CrlStore, IssuerId, IssuerRecord};

/// Asks for CRLs, and knows which are there.
pub struct CrlRequests {
    crls: Arc<dyn CrlStore>,
    queue: Arc<dyn CrlQueue>,
}

impl CrlRequests {
    /// For CRLs of this store, by this queue.
    pub fn new(crls: Arc<dyn CrlStore>, queue: Arc<dyn CrlQueue>) -> Self {
        Self { crls, queue }
    }

    /// Has the CRL made that lists what is revoked by now.
    ///
    /// # Errors
    /// When it could not be asked for.
    pub async fn request(&self, issuer: &IssuerId, shard: u16) -> Result<(), Failure> {
        Ok(self.queue.publish_crl(CrlTask { issuer: issuer.clone(), shard }).await?)
    }

    /// Has those of an issuer's CRLs made of which there is none yet, when it has a certificate.
    ///
    /// # Errors
    /// When one could not be asked for.
    pub async fn request_missing(&self, issuer: &IssuerRecord) -> Result<(), Failure> {
        let shards = if issuer.certificate.is_some() { issuer.crl_shards } else { 0 };
        for shard in 0..shards {
            if self.crls.crl(&issuer.id, shard).await?.is_none() {
                self.request(&issuer.id, shard).await?;
            }
        }
        Ok(())
    }

    /// Whether the list of the shard was made after what was revoked `at` that time.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn is_listed(&self, issuer: &IssuerId, shard: u16, at: Timestamp) -> Result<bool, Failure> {
        let crl = self.crls.crl(issuer, shard).await?;
        // Times are whole seconds: a list of the same second may have been made before.
        Ok(crl.is_some_and(|crl| crl.this_update > at))
    }
}
