//! Why a request was refused, in words for the operator.

use acme::{AccountId, DirectoryId, ProfileName};
use authority::Failure;
use operator::Error;
use store::{IdentifierRule, IssuerId, ProfileKind};

use crate::{
    action::{ceremony_names, names},
    external_account::MAX_DAYS,
    incident::MAX_HOURS,
    issuer::{MAX_ISSUER_DAYS, MAX_SHARDS},
    page::MAX_ENTRIES,
    role::{Role, UnknownRole},
};

/// Why a request was refused.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// It is not a valid request.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The role may not perform the action.
    #[error("the role `{role}` does not allow `{action}`; the role `{of}` does")]
    Role {
        /// The role of the operator.
        role: Role,
        /// The name of the action.
        action: &'static str,
        /// The role that allows it.
        of: Role,
    },
    /// Another function has the right to the root's key.
    #[error("`{action}` has the root sign, which only the function {function} may; invoke that one for it")]
    Ceremony {
        /// The name of the action.
        action: String,
        /// The name or ARN of the function that performs it.
        function: String,
    },
    /// The function that performs ceremonies performs nothing else.
    #[error(
        "the root has no part in `{0}`; this function performs only {actions}. Invoke the admin function for it, which the output AdminFunctionName of the stack names",
        actions = ceremony_names().collect::<Vec<_>>().join(", ")
    )]
    NoCeremony(String),
    /// The alias through which the function was invoked is no role.
    #[error(transparent)]
    UnknownRole(#[from] UnknownRole),
    /// The actor is not a valid name.
    #[error("actor should be a text of 1 to 256 octets")]
    Actor,
    /// The lifetime of an external account key is out of bounds.
    #[error("days should be a whole number from 1 to {MAX_DAYS}")]
    Days,
    /// The lifetime of an issuer is out of bounds.
    #[error("days should be a whole number from 1 to {MAX_ISSUER_DAYS}")]
    IssuerDays,
    /// The number of CRLs is out of bounds.
    #[error("shards should be a whole number from 1 to {MAX_SHARDS}")]
    Shards,
    /// Name constraints cannot express the rule.
    #[error("name constraints cannot express `{0}`; they cover domains with their subdomains, and networks")]
    Subtree(IdentifierRule),
    /// The certificates to install cannot be used.
    #[error("the certificates cannot be used")]
    Certificates(#[source] ca::CertificateError),
    /// The overlap of an old and a new key is out of bounds.
    #[error("overlapDays should be a whole number from 0 to {MAX_DAYS}")]
    Overlap,
    /// The number of accounts that a key binds is out of bounds.
    #[error("accounts should be a whole number from 1, or null for unlimited")]
    Accounts,
    /// The label is too long.
    #[error("label should have at most 200 octets")]
    Label,
    /// The size of a page is out of bounds.
    #[error("limit should be a whole number from 1 to {MAX_ENTRIES}")]
    Limit,
    /// It is not an identifier that a certificate could contain.
    #[error("`{}` is neither a DNS name nor an address", .0.escape_debug())]
    Name(String),
    /// It is not a serial number.
    #[error("`{}` is not a serial number; expected hexadecimal digits, with or without colons", .0.escape_debug())]
    Serial(String),
    /// The selection has no criterion.
    #[error("the selection is empty; set at least one of name, account, issuer, profile, issuedFrom and issuedUntil")]
    Everything,
    /// The time range is empty.
    #[error("issuedFrom should be earlier than issuedUntil")]
    Reversed,
    /// There is no such account.
    #[error("there is no account {0}")]
    NoAccount(AccountId),
    /// There is no such issuer.
    #[error("there is no issuer `{0}` for certificates")]
    NoIssuer(IssuerId),
    /// There is no such profile.
    #[error(
        "there is no profile `{0}`; one that was deleted can be applied again, with enabled = false, to find its certificates"
    )]
    NoDirectory(DirectoryId),
    /// The description is empty, too long, or longer than a line.
    #[error("description should be one line of 1 to 500 octets")]
    Description,
    /// It is not the URL of a web page.
    #[error("explanationUrl should be an https:// or http:// URL")]
    ExplanationUrl,
    /// A duration is out of bounds.
    #[error("hours should be a whole number from 1 to {MAX_HOURS}; for the start of the revocation, from 0")]
    Hours,
    /// There is no such profile.
    #[error("there is no {kind} `{1}`", kind = .0.table())]
    NoProfile(ProfileKind, ProfileName),
    /// A document of a profile has no name.
    #[error("{kind}[{1}].name: needs a name, a text of 1 to 64 characters of A-Z a-z 0-9 - _ .", kind = .0.table())]
    NamelessProfile(ProfileKind, usize),
    /// The document of a profile is invalid.
    #[error("{path}: {source}")]
    Profile {
        /// The path of the field or of the profile, such as `acmeProfile.web.validity`.
        path: String,
        /// What is wrong, and what is allowed.
        source: serde_json::Error,
    },
    /// The profiles have changed since the operator confirmed the differences.
    #[error("the profiles have changed in the meantime, and nothing was applied; review the differences again")]
    Stale,
    /// The answer cannot be written.
    #[error("the answer cannot be written")]
    Answer(#[source] serde_json::Error),
    /// What the parts says.
    #[error(transparent)]
    Authority(#[from] Error),
}

impl From<Failure> for AdminError {
    fn from(failure: Failure) -> Self {
        Self::Authority(failure.into())
    }
}

/// Why a text is not a valid request.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// It has no member `action`.
    #[error(
        "a request needs an action and its members, such as {{\"action\": \"status\"}} or {{\"action\": \"mint-external-account-key\", \"days\": 30}}"
    )]
    NoAction,
    /// There is no such action.
    #[error("there is no action `{}`; there are {}", .0.escape_debug(), names().collect::<Vec<_>>().join(", "))]
    UnknownAction(String),
    /// A member is missing, unknown, or of the wrong type.
    #[error("the request for `{action}` cannot be read: {source}")]
    Members {
        /// The name of the action.
        action: &'static str,
        /// The error, with its line and column in the request.
        source: serde_json::Error,
    },
}
