//! Requests for CRLs, which the process with access to the issuer's key generates.

use std::sync::Arc;

use authority::{CrlQueue, CrlTask, Failure};
use jiff::Timestamp;
use store::{CrlStore, IssuerId, IssuerRecord};

/// Requests CRLs, and knows which exist.
pub struct CrlRequests {
    crls: Arc<dyn CrlStore>,
    queue: Arc<dyn CrlQueue>,
}

impl CrlRequests {
    /// Requests for CRLs of this store, through this queue.
    pub fn new(crls: Arc<dyn CrlStore>, queue: Arc<dyn CrlQueue>) -> Self {
        Self { crls, queue }
    }

    /// Requests a CRL with all present revocations.
    ///
    /// # Errors
    /// The request could not be queued.
    pub async fn request(&self, issuer: &IssuerId, shard: u16) -> Result<(), Failure> {
        Ok(self.queue.publish_crl(CrlTask { issuer: issuer.clone(), shard }).await?)
    }

    /// Requests the CRLs of an issuer that do not exist yet, if it has a certificate.
    ///
    /// # Errors
    /// A request could not be queued, or the store is unavailable.
    pub async fn request_missing(&self, issuer: &IssuerRecord) -> Result<(), Failure> {
        let shards = if issuer.certificate.is_some() { issuer.crl_shards } else { 0 };
        for shard in 0..shards {
            if self.crls.crl(&issuer.id, shard).await?.is_none() {
                self.request(&issuer.id, shard).await?;
            }
        }
        Ok(())
    }

    /// Whether the CRL of the shard was generated after the revocation `at` that time.
    ///
    /// # Errors
    /// The store is unavailable, or the record cannot be decoded.
    pub async fn is_listed(&self, issuer: &IssuerId, shard: u16, at: Timestamp) -> Result<bool, Failure> {
        let crl = self.crls.crl(issuer, shard).await?;
        // Times are whole seconds: a CRL of the same second may have been generated before.
        Ok(crl.is_some_and(|crl| crl.made_at() > at))
    }
}
