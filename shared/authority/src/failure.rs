//! Failures that only the operator can resolve. Clients receive a server error without details;
//! causes are logged.

use acme::TransitionError;
use ca::{IssueError, SignError};
use jiff::Timestamp;
use store::{IssuerId, StoreError};

use crate::{PublishError, QueueError};

/// A failure that the request did not cause.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Concurrent writes changed the record in every round.
    #[error("too much contention")]
    Busy,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signer failed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The certificate or CRL that the policy requires cannot be created, or did not come out as
    /// intended.
    #[error("issuing failed")]
    Issuing(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A task could not be queued.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The list of keys that may not be used cannot be read.
    #[error("the list of blocked keys cannot be used")]
    KeyBlockList(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// An object could not be published.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The path of an issuer has not begun or has ended, by the clock of this host.
    #[error(
        "issuer {issuer} and the CAs above it are valid from {begins} to {ends} only, and it is another time by this clock"
    )]
    IssuerNotValid {
        /// Its id, to find it in the status.
        issuer: IssuerId,
        /// The latest `notBefore` of its path.
        begins: Timestamp,
        /// The earliest `notAfter` of its path.
        ends: Timestamp,
    },
    /// An RA Profile or an issuer refers to an issuer that does not exist.
    #[error("there is no issuer {0}")]
    MissingIssuer(IssuerId),
    /// The signer's key is not the one in the stored certificate.
    #[error("the signer's key does not fit the stored certificate of issuer {0}")]
    ForeignIssuer(IssuerId),
    /// A record to which another record refers does not exist.
    #[error("a stored {0} is missing")]
    RecordLost(&'static str),
    /// A state transition that should have been possible.
    #[error(transparent)]
    Transition(#[from] TransitionError),
    /// The host has not created the nonce secrets yet.
    #[error("there are no nonce secrets yet")]
    NoNonceSecrets,
    /// The host has not created the secret of external accounts yet.
    #[error("there is no secret for external accounts yet")]
    NoExternalAccountSecret,
    /// This machine has no descriptor, port or memory left for a connection, so nothing can be
    /// looked at.
    #[error("this machine has nothing left to connect with")]
    LocalLack,
    /// The random number generator failed.
    #[error("the random number generator failed")]
    Randomness,
}

impl Failure {
    /// The failure for a certificate, a CRL or a certification request that could not be created or
    /// parsed.
    pub fn issuing(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Issuing(Box::new(error))
    }

    /// Whether the same call may succeed a little later without action of the operator.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Busy
                | Self::NoNonceSecrets
                | Self::LocalLack
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

/// Lets an error with a variant `Failed(Failure)` be made from the errors of the store, the signer,
/// the queues, the publisher and of state transitions, so that `?` takes them.
#[macro_export]
macro_rules! from_failures {
    ($error:ty) => {
        $crate::from_failures!($error: store::StoreError, ca::SignError, $crate::QueueError, $crate::PublishError,
            acme::TransitionError);
    };
    ($error:ty: $($source:ty),+) => {
        $(impl From<$source> for $error {
            fn from(source: $source) -> Self {
                Self::Failed(source.into())
            }
        })+
    };
}
