//! Why an operation was refused or failed. Named by cause; how a client is told is not decided here.

use acme::{
    AccountId, AccountStatus, AuthorizationStatus, ContactError, IdentifierError, IdentifierObject, OrderStatus,
};
use authority::Failure;
use issuing::ValidityRefusal;
use store::{IssuerId, IssuerState, NameRefusal};

use crate::{BindingRefusal, LimitReached};

/// Why an operation did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The client can ask for something else, or later.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// What failed although nothing was wrong with the request: only the operator can resolve it.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// What the client can correct.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No profile of that name, or none that this family serves.
    #[error("there is no such directory")]
    NoSuchDirectory,
    /// The operator has switched it off.
    #[error("the directory is out of service: {0}")]
    DirectoryOff(&'static str),
    /// The issuer behind the directory issues no more, or not yet.
    #[error("issuer {0} is {1}")]
    IssuerOff(IssuerId, IssuerState),
    /// Unknown or somebody else's; nobody is told which.
    #[error("no such resource")]
    NotFound,
    /// No account has that key or id in this directory.
    #[error("no such account in this directory")]
    AccountDoesNotExist,
    /// The account has ended.
    #[error("the account is {0:?}")]
    AccountEnded(AccountStatus),
    /// The directory demands a contact.
    #[error("a contact is required")]
    ContactRequired,
    /// The directory demands a binding to an account elsewhere (RFC 8555 §7.3.4).
    #[error("an external account binding is required")]
    ExternalAccountRequired,
    /// The binding to an account elsewhere is refused.
    #[error("external account binding refused")]
    ExternalAccountRefused(#[from] BindingRefusal),
    /// A contact is not accepted.
    #[error("contact refused")]
    Contact(#[from] ContactError),
    /// The address of a contact lies in none of the allowed domains.
    #[error("no contact is allowed in that domain")]
    ContactDomain(Vec<String>),
    /// Too many contacts.
    #[error("more than {0} contacts")]
    TooManyContacts(usize),
    /// The account must agree to the terms at this URL first.
    #[error("the terms of service are not agreed to")]
    TermsNotAgreed {
        /// The present terms.
        url: Option<String>,
    },
    /// An account or order status that a client cannot ask for.
    #[error("the status can only be changed to deactivated")]
    StatusNotAllowed,
    /// Another account has the key.
    #[error("the key is in use by another account")]
    KeyInUse(AccountId),
    /// The key was compromised or is blocked by the operator.
    #[error("the key is blocked")]
    KeyBlocked,
    /// The inner JWS of a key rollover contradicts the outer one or the account.
    #[error("key rollover refused: {0}")]
    KeyChange(&'static str),
    /// An order without names.
    #[error("the order names nothing")]
    NoIdentifiers,
    /// An order with too many names.
    #[error("the order has more than {0} names")]
    TooManyIdentifiers(usize),
    /// Some names are refused.
    #[error("{} names refused", .0.len())]
    Identifiers(Vec<(IdentifierObject, IdentifierRefusal)>),
    /// `notBefore` or `notAfter` cannot be honoured.
    #[error("validity refused")]
    Validity(#[from] ValidityRefusal),
    /// The directory offers no such profile.
    #[error("no such profile")]
    InvalidProfile(String),
    /// `replaces` names no certificate that this order can replace.
    #[error("the certificate cannot be replaced: {0}")]
    Replaces(&'static str),
    /// Another order replaces that certificate.
    #[error("the certificate is replaced by another order already")]
    AlreadyReplaced,
    /// Not the time to finalize.
    #[error("the order is {0:?}")]
    OrderNotReady(OrderStatus),
    /// The order was finalized with another certificate request.
    #[error("the order was finalized with another certificate request")]
    OtherCsr,
    /// The authorization has ended, so its challenges cannot be answered.
    #[error("the authorization is {0:?}")]
    AuthorizationEnded(AuthorizationStatus),
    /// The certificate request cannot be used.
    #[error("certificate request refused")]
    Csr(#[from] ca::CsrError),
    /// The certificate's key is of a kind that the RA Profile does not allow, or is the account's.
    #[error("certificate key refused: {0}")]
    CertificateKey(&'static str),
    /// The submitted bytes are no certificate.
    #[error("not a certificate")]
    NotACertificate,
    /// A reason that subscribers may not give.
    #[error("revocation reason refused")]
    BadRevocationReason,
    /// Revoked before.
    #[error("the certificate is revoked already")]
    AlreadyRevoked,
    /// None of the three rights to revoke (RFC 8555 §7.6).
    #[error("the requester may not revoke this certificate")]
    MayNotRevoke,
    /// Too much of something; for a while.
    #[error(transparent)]
    LimitReached(#[from] LimitReached),
}

impl Error {
    /// Whether the same may succeed a little later although the operator mends nothing.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Failed(failure) if failure.is_transient())
    }
}

authority::from_failures!(Error);

/// Lets `?` take what a refusal is made from.
macro_rules! from_refusals {
    ($($source:ty),+) => {
        $(impl From<$source> for Error {
            fn from(source: $source) -> Self {
                Self::Refused(source.into())
            }
        })+
    };
}

from_refusals!(BindingRefusal, ca::CsrError, ContactError, LimitReached, ValidityRefusal);

impl From<issuing::Error> for Error {
    fn from(error: issuing::Error) -> Self {
        match error {
            issuing::Error::IssuerOff(issuer, state) => Refusal::IssuerOff(issuer, state).into(),
            issuing::Error::Validity(refusal) => Refusal::Validity(refusal).into(),
            issuing::Error::Failed(failure) => Self::Failed(failure),
        }
    }
}

/// Why a name is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierRefusal {
    /// It is no identifier.
    #[error(transparent)]
    Malformed(#[from] IdentifierError),
    /// A rule of the profile.
    #[error(transparent)]
    Rule(#[from] NameRefusal),
    /// The certificate of the CA that would sign.
    #[error("the CA behind this directory cannot certify this name; its name constraints are: {0}")]
    Constrained(String),
    /// Another policy.
    #[error("{0}")]
    Policy(&'static str),
}
