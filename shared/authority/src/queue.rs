//! Work that outlives a request, each kind by a queue of its own: at least once, in any order. SQS on AWS, tasks in one
//! process.

use acme::{AccountId, AuthorizationId, ChallengeType, OrderId};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use store::IssuerId;

/// Where challenges go to be probed.
#[async_trait]
pub trait ValidationQueue: Send + Sync {
    /// Has the challenge probed.
    ///
    /// # Errors
    /// When the task could not be handed over.
    async fn validate(&self, task: ValidationTask) -> Result<(), QueueError>;

    /// The client asks again while a worker is at it: its next attempt may come at once. A queue that
    /// cannot reach a busy worker does nothing, because a second worker would be one too many.
    ///
    /// # Errors
    /// When the worker could not be reached.
    async fn hurry(&self, _task: ValidationTask) -> Result<(), QueueError> {
        Ok(())
    }
}

/// Where interrupted issuances go to be finished.
#[async_trait]
pub trait IssuanceQueue: Send + Sync {
    /// Has an interrupted issuance finished.
    ///
    /// # Errors
    /// When the task could not be handed over.
    async fn issue(&self, task: IssuanceTask) -> Result<(), QueueError>;
}

/// Where CRLs are asked for.
#[async_trait]
pub trait CrlQueue: Send + Sync {
    /// Has a CRL made that lists what is revoked by now.
    ///
    /// # Errors
    /// When the task could not be handed over.
    async fn publish_crl(&self, task: CrlTask) -> Result<(), QueueError>;
}

/// A challenge to be probed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ValidationTask {
    /// The account that answered it.
    pub account: AccountId,
    /// The authorization that holds it.
    pub authorization: AuthorizationId,
    /// Which of its challenges.
    pub challenge: ChallengeType,
}

/// An order whose certificate is intended and perhaps not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct IssuanceTask {
    /// The account that ordered.
    pub account: AccountId,
    /// The order.
    pub order: OrderId,
}

/// A CRL to be made.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CrlTask {
    /// The issuer whose CRL it is.
    pub issuer: IssuerId,
    /// Which of its CRLs, from 0.
    pub shard: u16,
}

/// A task could not be handed over.
#[derive(Debug, thiserror::Error)]
#[error("the work queue did not take a task")]
pub struct QueueError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
