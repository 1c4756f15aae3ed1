//! Why an operator's request was refused or failed.

use acme::{AccountStatus, ProfileName};
use authority::Failure;
use store::InvalidProfiles;

use crate::IssuerRefusal;

/// Why an operator's request was not performed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request was refused; the operator can correct it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The operation failed although nothing was wrong with the request.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// What the operator can correct.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no record with this id.
    #[error("no such resource")]
    NotFound,
    /// The client of the account has deactivated it.
    #[error("the account is {0:?}")]
    AccountEnded(AccountStatus),
    /// The certificate is already revoked.
    #[error("the certificate is already revoked")]
    AlreadyRevoked,
    /// A grant of enrolment needs a scope, and its keys live for a day at most.
    #[error("a grant needs at least one rule as its scope, and a lifetime of keys from 1 minute to 24 hours")]
    EnrolmentTerms,
    /// No grant of enrolment allows this.
    #[error("there is no grant of enrolment for this")]
    NotGranted,
    /// The caller has grants for several ACME Profiles, and has named none of them.
    #[error("there are grants for {}; name one of these profiles", listed(.0))]
    SeveralGrants(Vec<ProfileName>),
    /// Anyone could register in these directories, and others reach the CA, which no one opened.
    #[error(
        "anyone could register in {} and others reach this CA: set externalAccountRequired = true, or open the CA \
         explicitly (--open, SERVERLESS_ACME_OPEN=true, or the key serve.open; on AWS, the parameter Open)",
        named(.0)
    )]
    Open(Vec<ProfileName>),
    /// A set of profiles is invalid.
    #[error(transparent)]
    Profiles(#[from] InvalidProfiles),
    /// An issuer cannot be created or changed as requested.
    #[error(transparent)]
    Issuer(#[from] IssuerRefusal),
}

authority::from_failures!(Error);

/// The directories of ACME Profiles, as a part of a sentence.
fn named(profiles: &[ProfileName]) -> String {
    format!("the directories of the ACME Profiles {}", listed(profiles))
}

fn listed(profiles: &[ProfileName]) -> String {
    profiles.iter().map(ProfileName::as_str).collect::<Vec<_>>().join(", ")
}

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
