//! Why nothing was issued.

use authority::{Failure, PublishError, QueueError};
use ca::SignError;
use store::{IssuerId, IssuerState, StoreError};

use crate::ValidityRefusal;

/// Why nothing was issued.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The issuer issues no more, or not yet. An operator decided so.
    #[error("issuer {0} is {1}")]
    IssuerOff(IssuerId, IssuerState),
    /// The requested validity cannot be honoured.
    #[error("validity refused")]
    Validity(#[from] ValidityRefusal),
    /// What only the operator can mend.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Error {
    /// Whether the same may succeed a little later although the operator mends nothing.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Failed(failure) if failure.is_transient())
    }

    /// Whether a certificate that is intended can never be signed as it is.
    pub(crate) fn ends_issuance(&self) -> bool {
        matches!(
            self,
            Self::IssuerOff(..)
                | Self::Failed(
                    Failure::Sign(SignError::UnknownKey(_) | SignError::Refused { .. } | SignError::MakesNoKeys)
                        | Failure::Issuing(_)
                        | Failure::MissingIssuer(_)
                )
        )
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<SignError> for Error {
    fn from(error: SignError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<QueueError> for Error {
    fn from(error: QueueError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<PublishError> for Error {
    fn from(error: PublishError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<acme::TransitionError> for Error {
    fn from(error: acme::TransitionError) -> Self {
        Self::Failed(error.into())
    }
}
