//! Objects for relying parties: CRLs and issuer certificates, at the URLs inside certificates.

use async_trait::async_trait;

/// The place where they are published: a bucket on AWS, the plain-HTTP listener in one process.
#[async_trait]
pub trait Publisher: Send + Sync {
    /// Publishes the object and replaces an earlier one at its path.
    ///
    /// # Errors
    /// The object could not be stored; the next CRL is the next try.
    async fn publish(&self, object: PublishedObject) -> Result<(), PublishError>;
}

/// A file for relying parties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedObject {
    /// Path below the status URL, without a leading slash: `crl/issuing/0.crl`.
    pub path: String,
    /// Media type (RFC 2585, RFC 5280 §4.2.1.13).
    pub media_type: &'static str,
    /// The lifetime in caches, in seconds (`max-age`).
    pub max_age: u32,
    /// The contents of the file.
    pub bytes: Vec<u8>,
}

/// An object could not be published.
#[derive(Debug, thiserror::Error)]
#[error("the published object could not be stored")]
pub struct PublishError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
