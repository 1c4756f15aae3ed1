//! Why a request was not answered, in words for an operator.

use acme::ProfileName;
use ra::Error;
use store::IdentifierRule;

use crate::{
    external_account::MOST_DAYS,
    issuer::{MOST_ISSUER_DAYS, MOST_SHARDS},
    page::MOST_ENTRIES,
};

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// It is no request.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The actor is no name.
    #[error("actor should be a text of 1 to 256 octets")]
    Actor,
    /// A key's life is out of bounds.
    #[error("days should be a whole number from 1 to {MOST_DAYS}")]
    Days,
    /// The life of an issuer is out of bounds.
    #[error("days should be a whole number from 1 to {MOST_ISSUER_DAYS}")]
    IssuerDays,
    /// The number of CRLs is out of bounds.
    #[error("shards should be a whole number from 1 to {MOST_SHARDS}")]
    Shards,
    /// X.509 has no name constraint for the rule.
    #[error("name constraints cannot say `{0}`; they are of names with all below them, and of networks")]
    Subtree(IdentifierRule),
    /// No certificates to install.
    #[error("the certificates cannot be used")]
    Certificates(#[source] ca::CertificateError),
    /// A key that nobody could use.
    #[error("accounts should be a whole number from 1, or null for any number")]
    Accounts,
    /// A label that is no label.
    #[error("label should have at most 200 octets")]
    Label,
    /// A page is too long, or empty.
    #[error("limit should be a whole number from 1 to {MOST_ENTRIES}")]
    Limit,
    /// It is no name that a certificate could have.
    #[error("`{}` is neither a DNS name nor an address", .0.escape_debug())]
    Name(String),
    /// There is no such profile.
    #[error("there is no {0} `{1}`")]
    NoProfile(crate::ProfileKind, ProfileName),
    /// A document of a profile has no name.
    #[error("{0}[{1}].name: needs a name, a text of 1 to 64 characters of A-Z a-z 0-9 - _ .")]
    NamelessProfile(crate::ProfileKind, usize),
    /// A document is no profile.
    #[error("{path}: {source}")]
    Profile {
        /// The path of the field, or of the profile: `acmeProfile.web.validity`.
        path: String,
        /// What is wrong, and what is allowed.
        source: serde_json::Error,
    },
    /// The profiles changed since somebody agreed to the differences.
    #[error("the profiles changed meanwhile, and nothing was applied; look at the differences again")]
    Stale,
    /// The answer cannot be written.
    #[error("the answer cannot be written")]
    Answer(#[source] serde_json::Error),
    /// What the authority says.
    #[error(transparent)]
    Authority(#[from] Error),
}

/// It is no request.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0}; a request has an action and its members, such as {{\"action\": \"status\"}} or {{\"action\": \"mint-external-account-key\", \"days\": 30}}"
)]
pub struct RequestError(#[from] serde_json::Error);
