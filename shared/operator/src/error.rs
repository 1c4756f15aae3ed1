//! Why an operator's request was refused or failed.

use acme::AccountStatus;
use authority::Failure;
use store::InvalidProfiles;

use crate::IssuerRefusal;

/// Why an operator's request did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operator can ask for something else.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The request did not cause it.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// What the operator can correct.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no record of that id.
    #[error("no such resource")]
    NotFound,
    /// The client of the account ended it.
    #[error("the account is {0:?}")]
    AccountEnded(AccountStatus),
    /// The certificate is revoked already.
    #[error("the certificate is revoked already")]
    AlreadyRevoked,
    /// Profiles that cannot be applied.
    #[error(transparent)]
    Profiles(#[from] InvalidProfiles),
    /// An issuer that cannot be created or changed in this way.
    #[error(transparent)]
    Issuer(#[from] IssuerRefusal),
}

authority::from_failures!(Error);

impl From<InvalidProfiles> for Error {
    fn from(invalid: InvalidProfiles) -> Self {
        Self::Refused(invalid.into())
    }
}

impl From<IssuerRefusal> for Error {
    fn from(refusal: IssuerRefusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<issuing::Error> for Error {
    fn from(error: issuing::Error) -> Self {
        match error {
            issuing::Error::IssuerOff(issuer, state) => IssuerRefusal::Off(issuer, state).into(),
            issuing::Error::Validity(refusal) => Self::Failed(Failure::issuing(refusal)),
            issuing::Error::Failed(failure) => Self::Failed(failure),
        }
    }
}
