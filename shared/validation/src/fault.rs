//! What can be wrong with a validation target, in words for its owner.

use std::net::{IpAddr, SocketAddr};

use acme::{ChallengeType, Identifier, Problem, ProblemType};
use http::StatusCode;

use crate::{Failure, address::ForbiddenAddress, host::Host, tls_alpn_01::CertificateFault, url::UrlError};

/// One finding. The text says what was looked for and where, what was found, and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The challenge type cannot be used for that kind of identifier.
    #[error("{challenge} cannot show control of {identifier}. Use a challenge of another type.")]
    Unfit { challenge: ChallengeType, identifier: Identifier },

    /// NXDOMAIN.
    #[error("DNS does not know the name {} (NXDOMAIN, asked for {}). Create the record, or correct the name.", .0.name, .0.types)]
    UnknownName(Question),
    /// The name exists, with other records.
    #[error("{} has no {} record. Create it, and wait until all name servers of the zone have it.", .0.name, .0.types)]
    NoRecord(Question),
    /// SERVFAIL, REFUSED and the like.
    #[error("The DNS server answered {code} to the question for {} of {}. Check the zone's name servers and its DNSSEC signatures.", .question.types, .question.name)]
    Refused { question: Question, code: String },
    /// No answer.
    #[error("DNS did not answer the question for {} of {} in time. Check that the zone's name servers can be reached.", .0.types, .0.name)]
    Unanswered(Question),
    /// The question could not be put, or the answer could not be read.
    #[error("Looking up {} of {} failed: {error}.", .question.types, .question.name)]
    LookUp { question: Question, error: String },
    /// TXT records, none of them right.
    #[error(
        "No TXT record of {name} is {expected}; found {found}. Publish the digest of this challenge's key authorization, and wait until all name servers of the zone have it."
    )]
    WrongTxt { name: String, expected: String, found: String },

    /// The address rule.
    #[error("Not connecting to {host}: {reason}. Use another address{}.", permission(.reason))]
    Forbidden { host: Host, reason: ForbiddenAddress },
    /// No TCP connection.
    #[error("Could not connect to {host}: {}. Check that a server listens there and that no firewall is in the way.", listed(.attempts))]
    Unreachable { host: Host, attempts: Vec<(SocketAddr, String)> },

    /// A request of http-01.
    #[error("GET {} at {address} {reason}", excerpt(.url.as_bytes(), SHOWN_URL))]
    Http { url: String, address: SocketAddr, reason: HttpFault },
    /// The handshake of tls-alpn-01.
    #[error("The TLS handshake with {host} at {address} {reason}")]
    Tls { host: Host, address: SocketAddr, reason: TlsFault },
}

/// What can be wrong with a request of http-01.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpFault {
    /// The exchange broke off.
    #[error("failed: {0}. Check that a web server answers HTTP/1.1 there.")]
    Broken(String),
    /// It took too long.
    #[error("was not answered in time. Check the server, and what it waits for.")]
    Slow,
    /// Neither 200 nor a redirect.
    #[error("was answered with status {0}. Serve the key authorization there with status 200.")]
    Status(StatusCode),
    /// Something else was served.
    #[error("found {found}, expected the key authorization {expected}. Serve exactly that text.")]
    Content { expected: String, found: String },
    /// A redirect without `Location`.
    #[error("was answered with status {0}, but without a Location.")]
    NoLocation(StatusCode),
    /// A redirect to something that is no URL of ours.
    #[error("redirects to \"{location}\", which is not followed: {reason}.")]
    Location { location: String, reason: UrlError },
    /// A redirect to another port.
    #[error("redirects to {target}, which is not followed: only the ports {http} for http and {https} for https are.")]
    Port { target: String, http: u16, https: u16 },
    /// Round and round.
    #[error("redirects once more after {0} redirects. Serve the key authorization without them.")]
    Redirects(usize),
}

/// What can be wrong with the handshake of tls-alpn-01.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsFault {
    /// It failed.
    #[error("failed: {0}. Check that the server answers TLS 1.2 or 1.3 there, with the protocol acme-tls/1.")]
    Handshake(String),
    /// It took too long.
    #[error("did not end in time. Check that the server answers TLS there.")]
    Slow,
    /// An ordinary TLS server.
    #[error(
        "did not negotiate the protocol acme-tls/1. Check that the responder for the challenge answers there, and not another server."
    )]
    NoAlpn,
    /// Not the certificate of RFC 8737.
    #[error("brought a wrong certificate: {0}. Present the certificate made for this challenge (RFC 8737 section 3).")]
    Certificate(#[from] CertificateFault),
}

impl Fault {
    /// The failure of a probe that spoke to `address` last.
    pub(crate) fn at(self, address: Option<IpAddr>) -> Failure {
        Failure { problem: Problem::new(self.problem_type(), self.to_string()), may_heal: self.may_heal(), address }
    }

    fn problem_type(&self) -> ProblemType {
        match self {
            Self::Unfit { .. } => ProblemType::Malformed,
            Self::UnknownName(_)
            | Self::NoRecord(_)
            | Self::Refused { .. }
            | Self::Unanswered(_)
            | Self::LookUp { .. } => ProblemType::Dns,
            Self::Forbidden { .. } => ProblemType::Unauthorized,
            Self::Unreachable { .. }
            | Self::Http { reason: HttpFault::Broken(_) | HttpFault::Slow, .. }
            | Self::Tls { reason: TlsFault::Slow, .. } => ProblemType::Connection,
            Self::Tls { reason: TlsFault::Handshake(_) | TlsFault::NoAlpn, .. } => ProblemType::Tls,
            Self::WrongTxt { .. } | Self::Http { .. } | Self::Tls { reason: TlsFault::Certificate(_), .. } => {
                ProblemType::IncorrectResponse
            }
        }
    }

    /// What our rules refuse stays refused. Everything else may be a deployment on its way.
    fn may_heal(&self) -> bool {
        !matches!(
            self,
            Self::Unfit { .. }
                | Self::Forbidden { .. }
                | Self::Http {
                    reason: HttpFault::Location { .. } | HttpFault::Port { .. } | HttpFault::Redirects(_),
                    ..
                }
        )
    }
}

/// A question to DNS.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// The name, without the root's dot.
    pub(crate) name: String,
    /// The record types, as text.
    pub(crate) types: &'static str,
}

/// A harmless piece of foreign text: the first bytes, escaped to printable ASCII. A probe that was
/// led to the wrong server must not become a way to read from it.
pub(crate) fn excerpt(text: &[u8], length: usize) -> String {
    match text.split_at_checked(length) {
        Some((start, [_, ..])) => format!("{}...", start.escape_ascii()),
        _ => text.escape_ascii().to_string(),
    }
}

fn permission(reason: &ForbiddenAddress) -> &'static str {
    if reason.could_be_allowed() { ", or ask the operator to allow this network" } else { "" }
}

fn listed(attempts: &[(SocketAddr, String)]) -> String {
    attempts.iter().map(|(address, error)| format!("{address}: {error}")).collect::<Vec<_>>().join("; ")
}

const SHOWN_URL: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threat_12_foreign_text_is_cut_and_escaped() {
        assert_eq!(excerpt(b"short", 8), "short");
        assert_eq!(excerpt(b"exactly8", 8), "exactly8");
        assert_eq!(excerpt(b"<b>\x1b[31m\xff\"secret", 8), "<b>\\x1b[31m...");
    }
}
