//! The errors of issuing.

use authority::Failure;
use ca::SignError;
use store::{IssuerId, IssuerState};

use crate::ValidityRefusal;

/// The errors of issuing.
// Refusals and failures are not two types here, because the caller decides which one an error is:
// an issuer that is off is refused to the client by `ra`, and is the operator's to correct in
// `operator`; a validity is refused to clients, and is a failure when no client asked for it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The issuer is retired or has no certificate yet, by decision of an operator.
    #[error("issuer {0} is {1}")]
    IssuerOff(IssuerId, IssuerState),
    /// The requested validity cannot be granted.
    #[error("validity refused")]
    Validity(#[from] ValidityRefusal),
    /// A failure that only the operator can resolve.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Error {
    /// Whether the same call may succeed a little later without action of the operator.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Failed(failure) if failure.is_transient())
    }

    /// Whether the intended certificate can never be signed.
    pub(crate) fn ends_issuance(&self) -> bool {
        matches!(
            self,
            Self::IssuerOff(..)
                | Self::Failed(
                    Failure::Sign(
                        SignError::UnknownKey(_)
                            | SignError::Disabled { .. }
                            | SignError::Refused { .. }
                            | SignError::MakesNoKeys
                    ) | Failure::Issuing(_)
                        | Failure::MissingIssuer(_)
                )
        )
    }
}

authority::from_failures!(Error);
