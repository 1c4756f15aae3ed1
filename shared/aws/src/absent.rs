//! The seams that a function did not declare: they answer with an error, and no client stands
//! behind them. What a function declares is compared with its rights; what it uses beyond that
//! shows at once.

use async_trait::async_trait;
use authority::{
    CrlQueue, CrlTask, IssuanceQueue, IssuanceTask, PublishError, PublishedObject, Publisher, QueueError,
    ValidationQueue, ValidationTask,
};
use ca::{KeyHandle, SignError, Signature, SignatureAlgorithm, Signer};
use jose::PublicKey;

/// A seam that the function did not declare.
#[derive(Clone, Copy, Debug)]
pub struct Absent;

/// The function used a seam that its `NEEDS` do not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this function did not declare that it needs the {0}")]
pub struct Undeclared(pub &'static str);

#[async_trait]
impl Signer for Absent {
    async fn public_key(&self, _: &KeyHandle) -> Result<PublicKey, SignError> {
        Err(no_signer())
    }

    async fn sign(&self, _: &KeyHandle, _: SignatureAlgorithm, _: &[u8]) -> Result<Signature, SignError> {
        Err(no_signer())
    }
}

/// Transient, unlike a refusal by the signer itself: it must not end an order.
fn no_signer() -> SignError {
    SignError::Unavailable { source: Box::new(Undeclared("signer")) }
}

#[async_trait]
impl ValidationQueue for Absent {
    async fn validate(&self, _: ValidationTask) -> Result<(), QueueError> {
        Err(QueueError(Box::new(Undeclared("validation queue"))))
    }
}

#[async_trait]
impl IssuanceQueue for Absent {
    async fn issue(&self, _: IssuanceTask) -> Result<(), QueueError> {
        Err(QueueError(Box::new(Undeclared("issuance queue"))))
    }
}

#[async_trait]
impl CrlQueue for Absent {
    async fn publish_crl(&self, _: CrlTask) -> Result<(), QueueError> {
        Err(QueueError(Box::new(Undeclared("CRL queue"))))
    }
}

#[async_trait]
impl Publisher for Absent {
    async fn publish(&self, _: PublishedObject) -> Result<(), PublishError> {
        Err(PublishError(Box::new(Undeclared("publisher"))))
    }
}
