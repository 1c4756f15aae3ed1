//! CAA records (RFC 8659, RFC 8657): whether the owner of a name lets this CA certify it.

mod issue_value;
mod record_set;
mod refusal;
#[cfg(test)]
mod tests;

pub(crate) use record_set::{CaaRecord, RecordSet};
pub(crate) use refusal::CaaRefusal;

/// What CAA records are compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaaTerms {
    /// The domain names by which records name this CA.
    pub identities: Vec<String>,
    /// The URLs under which clients know the account (RFC 8657 §3).
    pub account_urls: Vec<String>,
    /// Whether the certificate is for the wildcard below the name.
    pub is_wildcard: bool,
}
