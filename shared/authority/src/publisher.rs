//! What relying parties fetch: CRLs and issuer certificates, at the URLs inside certificates.

use async_trait::async_trait;

/// Where they are put: a bucket on AWS, the plain-HTTP listener in one process.
#[async_trait]
pub trait Publisher: Send + Sync {
    /// Puts the object in the place of what was at its path.
    ///
    /// # Errors
    /// When it could not be put there; it will be tried again with the next CRL.
    async fn publish(&self, object: PublishedObject) -> Result<(), PublishError>;
}

/// A file for relying parties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedObject {
    /// Path below the status URL, without a leading slash: `crl/issuing/0.crl`.
    pub path: String,
    /// Media type (RFC 2585, RFC 5280 §4.2.1.13).
    pub media_type: &'static str,
    /// For how long caches may keep it, in seconds.
    pub max_age: u32,
    /// The file.
    pub bytes: Vec<u8>,
}

/// An object could not be published.
#[derive(Debug, thiserror::Error)]
#[error("the published object could not be stored")]
pub struct PublishError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
