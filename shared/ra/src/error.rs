//! Why an operation was refused or failed, named by cause. The answer to a client is decided
//! elsewhere.

use acme::{
    AccountId, AccountStatus, AuthorizationStatus, ChallengeType, ContactError, IdentifierError, IdentifierObject,
    OrderStatus,
};
use authority::Failure;
use issuing::ValidityRefusal;
use store::{IssuerId, IssuerState, NameRefusal};

use crate::{BindingRefusal, LimitReached, PublicNameRefusal};

/// Why an operation was not performed.
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
    /// There is no profile of that name, or none that this family serves.
    #[error("there is no such directory")]
    NoSuchDirectory,
    /// The operator has disabled it.
    #[error("the directory is out of service: {0}")]
    DirectoryOff(&'static str),
    /// The issuer behind the directory does not issue any more, or not yet.
    #[error("issuer {0} is {1}")]
    IssuerOff(IssuerId, IssuerState),
    /// The object does not exist, or belongs to another account; the answer does not say which.
    #[error("no such resource")]
    NotFound,
    /// No account has that key or id in this directory.
    #[error("no such account in this directory")]
    AccountDoesNotExist,
    /// The account has ended.
    #[error("the account is {0:?}")]
    AccountEnded(AccountStatus),
    /// The directory requires a contact.
    #[error("a contact is required")]
    ContactRequired,
    /// The directory requires an external account binding (RFC 8555 §7.3.4).
    #[error("an external account binding is required")]
    ExternalAccountRequired,
    /// The external account binding is refused.
    #[error("external account binding refused")]
    ExternalAccountRefused(#[from] BindingRefusal),
    /// A contact is not accepted.
    #[error("contact refused")]
    Contact(#[from] ContactError),
    /// The address of a contact is not in one of the allowed domains.
    #[error("no contact is allowed in that domain")]
    ContactDomain(Vec<String>),
    /// The contacts are longer than this number of characters together.
    #[error("contacts of more than {0} characters")]
    ContactsTooLong(usize),
    /// Too many contacts.
    #[error("more than {0} contacts")]
    TooManyContacts(usize),
    /// The account must first agree to the terms at this URL.
    #[error("the terms of service are not agreed to")]
    TermsNotAgreed {
        /// The URL of the current terms.
        url: Option<String>,
    },
    /// The client asked for a status that it cannot set.
    #[error("the status can only be changed to deactivated")]
    StatusNotAllowed,
    /// Another account uses the key.
    #[error("the key is in use by another account")]
    KeyInUse(AccountId),
    /// The key was reported as compromised, or an operator has blocked it.
    #[error("the key is blocked")]
    KeyBlocked,
    /// The key is on the list of keys that everyone can have.
    #[error("the key is on the block list")]
    KeyListed,
    /// The inner JWS of a key change contradicts the outer one or the account.
    #[error("key change refused: {0}")]
    KeyChange(&'static str),
    /// The order has no identifiers.
    #[error("the order has no identifiers")]
    NoIdentifiers,
    /// The order has too many identifiers.
    #[error("the order has more than {0} identifiers")]
    TooManyIdentifiers(usize),
    /// Some identifiers are refused.
    #[error("{} identifiers refused", .0.len())]
    Identifiers(Vec<(IdentifierObject, IdentifierRefusal)>),
    /// `notBefore` or `notAfter` cannot be honoured.
    #[error("validity refused")]
    Validity(#[from] ValidityRefusal),
    /// The directory does not offer the profile.
    #[error("no such profile")]
    InvalidProfile(String),
    /// `replaces` is not a certificate that this order can replace.
    #[error("the certificate cannot be replaced: {0}")]
    Replaces(&'static str),
    /// Another order already replaces that certificate.
    #[error("another order already replaces the certificate")]
    AlreadyReplaced,
    /// The order is not in a state in which it can be finalized.
    #[error("the order is {0:?}")]
    OrderNotReady(OrderStatus),
    /// The order was finalized with another certificate request.
    #[error("the order was finalized with another certificate request")]
    OtherCsr,
    /// The authorization has ended, so its challenges can no longer be answered.
    #[error("the authorization is {0:?}")]
    AuthorizationEnded(AuthorizationStatus),
    /// The directory does not offer the challenge type any more.
    #[error("{0} is no longer offered")]
    ChallengeWithdrawn(ChallengeType),
    /// The certificate request is refused.
    #[error("certificate request refused")]
    Csr(#[from] ca::CsrError),
    /// The certificate's key is of a type that the RA Profile does not allow, or is the account
    /// key.
    #[error("certificate key refused: {0}")]
    CertificateKey(&'static str),
    /// The submitted bytes are not a certificate.
    #[error("not a certificate")]
    NotACertificate,
    /// The revocation reason is not one that subscribers may give.
    #[error("revocation reason refused")]
    BadRevocationReason,
    /// The certificate is already revoked.
    #[error("the certificate is already revoked")]
    AlreadyRevoked,
    /// The requester has none of the three rights to revoke (RFC 8555 §7.6).
    #[error("the requester may not revoke this certificate")]
    MayNotRevoke,
    /// A limit is reached until its next window.
    #[error(transparent)]
    LimitReached(#[from] LimitReached),
}

impl Error {
    /// Whether the same operation may succeed a little later without any action by the operator.
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

/// Why an identifier is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierRefusal {
    /// It is not a valid identifier.
    #[error(transparent)]
    Malformed(#[from] IdentifierError),
    /// A rule of the profile refuses it.
    #[error(transparent)]
    Rule(#[from] NameRefusal),
    /// The directory follows the rules for public CAs, and those refuse it.
    #[error(transparent)]
    NotPublic(#[from] PublicNameRefusal),
    /// The name constraints of the CA that would sign do not allow it.
    #[error("the CA behind this directory cannot certify this identifier; its name constraints are: {0}")]
    Constrained(String),
    /// Another policy refuses it.
    #[error("{0}")]
    Policy(&'static str),
}
