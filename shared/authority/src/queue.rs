//! Work that outlives a request. Each kind has its own queue, which delivers at least once and in
//! any order: SQS on AWS, tasks in one process.

use acme::{AccountId, AuthorizationId, ChallengeType, OrderId};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use store::IssuerId;

/// The queue of challenges to validate.
#[async_trait]
pub trait ValidationQueue: Send + Sync {
    /// Queues the validation of a challenge.
    ///
    /// # Errors
    /// The task could not be queued.
    async fn validate(&self, task: ValidationTask) -> Result<(), QueueError>;

    /// The client has asked again during a validation, so the worker may make its next attempt at
    /// once. A queue that cannot reach a busy worker does nothing, because a second worker must not
    /// be started.
    ///
    /// # Errors
    /// When the worker could not be reached.
    async fn hurry(&self, _task: ValidationTask) -> Result<(), QueueError> {
        Ok(())
    }

    /// Waits a moment for the end of a validation that was queued here, so that a client need not
    /// ask for it; whether it has ended. A queue whose workers are elsewhere never knows.
    async fn has_ended(&self, _task: &ValidationTask) -> bool {
        false
    }
}

/// The queue of interrupted issuances.
#[async_trait]
pub trait IssuanceQueue: Send + Sync {
    /// Queues the completion of an interrupted issuance.
    ///
    /// # Errors
    /// The task could not be queued.
    async fn issue(&self, task: IssuanceTask) -> Result<(), QueueError>;

    /// Queues the completion of an issuance that is about to begin, for when the process that
    /// begins it must have ended. It is asked for before the certificate is intended, so that
    /// nothing that is intended can be forgotten; if it is complete by then, nothing is done.
    ///
    /// # Errors
    /// The task could not be queued, so the issuance must not begin.
    async fn issue_later(&self, task: IssuanceTask) -> Result<(), QueueError>;
}

/// The queue of CRLs to generate.
#[async_trait]
pub trait CrlQueue: Send + Sync {
    /// Queues the generation of a CRL with all present revocations.
    ///
    /// # Errors
    /// The task could not be queued.
    async fn publish_crl(&self, task: CrlTask) -> Result<(), QueueError>;
}

/// A challenge to validate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ValidationTask {
    /// The account that responded to the challenge.
    pub account: AccountId,
    /// The authorization that contains the challenge.
    pub authorization: AuthorizationId,
    /// The type of the challenge, which is unique within the authorization.
    pub challenge: ChallengeType,
}

/// An order whose certificate is intended and may not be signed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct IssuanceTask {
    /// The account that ordered.
    pub account: AccountId,
    /// The id of the order.
    pub order: OrderId,
}

/// A CRL to generate.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CrlTask {
    /// The issuer whose CRL it is.
    pub issuer: IssuerId,
    /// The shard of the issuer, from 0.
    pub shard: u16,
}

/// A task could not be queued.
#[derive(Debug, thiserror::Error)]
#[error("the work queue did not take a task")]
pub struct QueueError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
