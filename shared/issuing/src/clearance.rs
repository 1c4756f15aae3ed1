//! The last question before a signature: may the intended certificate still be signed?
//!
//! Between the checks of a finalize request and the signature lie a write and, after a crash or
//! while a signer is away, hours. So what was checked before the intention is checked again when it
//! is signed, each time.

use acme::{Order, Problem};
use async_trait::async_trait;
use authority::Failure;
use store::CertificateRecord;

/// Decides whether the intended certificate of an order may still be signed.
#[async_trait]
pub trait Clearance: Send + Sync {
    /// Why it must not be signed, for the client; `None` if it may be. The order then ends with
    /// this problem.
    ///
    /// # Errors
    /// When that cannot be decided now. Nothing is signed then.
    async fn objection(&self, order: &Order, intended: &CertificateRecord) -> Result<Option<Problem>, Failure>;
}
