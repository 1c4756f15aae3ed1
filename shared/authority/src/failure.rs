//! What only the operator can mend. A client learns of it that the service failed, and nothing else: causes go to the log.

use acme::TransitionError;
use ca::{IssueError, SignError};
use store::{IssuerId, StoreError};

use crate::{PublishError, QueueError};

/// Why something failed although nothing was wrong with the request.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Other writes kept coming between.
    #[error("too much contention")]
    Busy,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signer.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The certificate or CRL that policy asks for cannot be made, or did not come out as intended.
    #[error("issuing failed")]
    Issuing(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The place for published objects.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// An RA Profile or issuer names an issuer that is not there.
    #[error("issuer {0} is not there")]
    MissingIssuer(IssuerId),
    /// The signer's key is not the one in the stored certificate.
    #[error("the signer's key does not fit the stored certificate of issuer {0}")]
    ForeignIssuer(IssuerId),
    /// A record that another one points to is not there.
    #[error("a {0} is lost")]
    RecordLost(&'static str),
    /// A transition that the code believed possible.
    #[error(transparent)]
    Transition(#[from] TransitionError),
    /// The host has not made the secrets of nonces yet.
    #[error("there are no nonce secrets yet")]
    NoNonceSecrets,
    /// The host has not made the secret of external accounts yet.
    #[error("there is no secret for external accounts yet")]
    NoExternalAccountSecret,
    /// The random generator.
    #[error("the random generator failed")]
    Randomness,
}

impl Failure {
    /// That something could not be made or read: a certificate, a CRL, a request for a certificate.
    pub fn issuing(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Issuing(Box::new(error))
    }

    /// Whether the same may succeed a little later although the operator mends nothing.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Busy
                | Self::NoNonceSecrets
                | Self::NoExternalAccountSecret
                | Self::Store(StoreError::Conflict | StoreError::Unavailable(_))
                | Self::Sign(SignError::Throttled { .. } | SignError::Unavailable { .. })
                | Self::Queue(_)
                | Self::Publish(_)
        )
    }
}

impl From<IssueError> for Failure {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::Sign(error) => Self::Sign(error),
            other => Self::issuing(other),
        }
    }
}
