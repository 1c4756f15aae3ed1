//! What can be wrong with a validation target, in words for its owner.

use std::net::{IpAddr, SocketAddr};

use acme::{ChallengeType, Identifier, Problem, ProblemType};
use http::StatusCode;

use crate::{
    Failure, Lack, address::ForbiddenAddress, caa::CaaRefusal, excerpt::excerpt, host::Host,
    peer_certificate::CertificateFault, url::UrlError,
};

/// The reason why a probe failed. The text says what was expected and where, what was found, and
/// what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The challenge type cannot be used for identifiers of this kind.
    #[error("{challenge} cannot validate {identifier}. Use a challenge of another type.")]
    Unfit { challenge: ChallengeType, identifier: Identifier },

    /// This machine could not make the attempt.
    #[error("The CA could not make the attempt: {0}.")]
    Lack(Lack),

    /// The name does not exist (NXDOMAIN).
    #[error("The name {} does not exist in DNS (NXDOMAIN, queried for {}). Create the record, or correct the name.", .0.name, .0.types)]
    UnknownName(DnsQuery),
    /// The name exists, but only with records of other types.
    #[error("{} has no {} record. Create it, and wait until all name servers of the zone have it.", .0.name, .0.types)]
    NoRecord(DnsQuery),
    /// An error code such as SERVFAIL or REFUSED.
    #[error("The DNS server answered {code} to the query for {} of {}. Check the zone's name servers and its DNSSEC signatures.", .question.types, .question.name)]
    Refused { question: DnsQuery, code: String },
    /// A server that validates answered SERVFAIL: most often, a chain of signatures is broken.
    #[error("The DNS server, which validates DNSSEC, answered SERVFAIL to the query for {} of {}{}. Check the zone's name servers, its signatures, and the DS record in the zone above it.", .question.types, .question.name, because(.reason.as_deref()))]
    NotValidated { question: DnsQuery, reason: Option<String> },
    /// The DNS server did not answer in time.
    #[error("DNS did not answer the query for {} of {} in time. Check that the zone's name servers can be reached.", .0.types, .0.name)]
    Unanswered(DnsQuery),
    /// The query could not be sent.
    #[error("Looking up {} of {} failed: {error}.", .question.types, .question.name)]
    LookUp { question: DnsQuery, error: String },
    /// The answer could not be read.
    #[error("The answer to the query for {} of {} could not be read: {error}.", .question.types, .question.name)]
    Unreadable { question: DnsQuery, error: String },
    /// There are TXT records, but none with the expected value.
    #[error(
        "No TXT record of {name} is {expected}; found {found}. Publish the digest of this challenge's key authorization, and wait until all name servers of the zone have it."
    )]
    WrongTxt { name: String, expected: String, found: String },

    /// CAA records do not permit the certificate.
    #[error("{0}")]
    Caa(Box<CaaRefusal>),

    /// The address rule forbids connecting to the host.
    #[error("Not connecting to {host}: {reason}. Use another address{}.", permission(.reason))]
    Forbidden { host: Host, reason: ForbiddenAddress },
    /// No TCP connection could be opened to any address of the host.
    #[error("Could not connect to {host}: {}. Check that a server listens there and that no firewall is in the way.", listed(.attempts))]
    Unreachable { host: Host, attempts: Vec<(SocketAddr, String)> },

    /// A request of http-01 failed.
    #[error("GET {} at {address} {reason}", excerpt(.url.as_bytes(), SHOWN_URL))]
    Http { url: String, address: SocketAddr, reason: HttpFault },
    /// The handshake of tls-alpn-01 failed.
    #[error("The TLS handshake with {host} at {address} {reason}")]
    Tls { host: Host, address: SocketAddr, reason: TlsFault },
}

/// Why a request of http-01 failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpFault {
    /// This machine could not make the request.
    #[error("could not be made: {0}.")]
    Lack(Lack),
    /// The exchange ended early, or the response was not HTTP/1.1.
    #[error("failed: {0}. Check that a web server answers HTTP/1.1 there.")]
    Broken(String),
    /// The response did not arrive in time.
    #[error("was not answered in time. Check the server, and what it waits for.")]
    Slow,
    /// The status code is neither 200 nor that of a redirect.
    #[error("was answered with status {0}. Serve the key authorization there with status 200.")]
    Status(StatusCode),
    /// The body is not the key authorization.
    #[error("found {found}, expected the key authorization {expected}. Serve exactly that text.")]
    Content { expected: String, found: String },
    /// A redirect has no `Location`.
    #[error("was answered with status {0}, but without a Location.")]
    NoLocation(StatusCode),
    /// A redirect to a URL of a form that is not followed.
    #[error("redirects to \"{location}\", which is not followed: {reason}.")]
    Location { location: String, reason: UrlError },
    /// A redirect to a port that is not allowed.
    #[error("redirects to {target}, which is not followed: only the ports {http} for http and {https} for https are.")]
    Port { target: String, http: u16, https: u16 },
    /// Too many redirects.
    #[error("redirects again after {0} redirects. Serve the key authorization without them.")]
    Redirects(usize),
}

/// Why the handshake of tls-alpn-01 failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsFault {
    /// This machine could not do the handshake.
    #[error("could not be done: {0}.")]
    Lack(Lack),
    /// The handshake ended with an error.
    #[error("failed: {0}. Check that the server answers TLS 1.2 or 1.3 there, with the protocol acme-tls/1.")]
    Handshake(String),
    /// The handshake did not finish in time.
    #[error("did not end in time. Check that the server answers TLS there.")]
    Slow,
    /// The server did not negotiate the protocol `acme-tls/1`: an ordinary TLS server.
    #[error(
        "did not negotiate the protocol acme-tls/1. Check that the responder for the challenge answers there, and not another server."
    )]
    NoAlpn,
    /// The certificate is not the one that RFC 8737 §3 describes.
    #[error(
        "presented a wrong certificate: {0}. Present the certificate made for this challenge (RFC 8737 section 3)."
    )]
    Certificate(#[from] CertificateFault),
}

impl HttpFault {
    fn without_findings(&self) -> Option<String> {
        Some(match self {
            Self::Lack(_) | Self::Slow | Self::Status(_) | Self::NoLocation(_) | Self::Redirects(_) => return None,
            Self::Broken(_) => "failed. Check that a web server answers HTTP/1.1 there.".to_owned(),
            Self::Content { expected, .. } => {
                format!("did not find the key authorization {expected}. Serve exactly that text.")
            }
            Self::Location { .. } | Self::Port { .. } => "redirects to a URL that is not followed.".to_owned(),
        })
    }
}

impl TlsFault {
    fn without_findings(&self) -> Option<&'static str> {
        match self {
            Self::Lack(_) | Self::Slow | Self::NoAlpn => None,
            Self::Handshake(_) => {
                Some("failed. Check that the server answers TLS 1.2 or 1.3 there, with the protocol acme-tls/1.")
            }
            Self::Certificate(_) => Some(
                "presented a wrong certificate. Present the certificate made for this challenge (RFC 8737 section 3).",
            ),
        }
    }
}

impl Fault {
    /// The failure of a probe whose last connection was to `address`.
    pub(crate) fn at(self, address: Option<IpAddr>) -> Failure {
        let problem = |detail| Problem::new(self.problem_type(), detail);
        let guarded = problem(self.without_findings().map_or_else(|| self.to_string(), guarded));
        Failure { problem: problem(self.to_string()), guarded, may_heal: self.may_heal(), address, lack: self.lack() }
    }

    fn lack(&self) -> Option<Lack> {
        match self {
            Self::Lack(lack)
            | Self::Http { reason: HttpFault::Lack(lack), .. }
            | Self::Tls { reason: TlsFault::Lack(lack), .. } => Some(*lack),
            _ => None,
        }
    }

    /// The same of a request that a redirect led to: where it led was read from the target, too.
    pub(crate) fn behind_a_redirect(self, address: Option<IpAddr>) -> Failure {
        let failure = self.at(address);
        let guarded = Problem::new(failure.problem.r#type, guarded(BEHIND_A_REDIRECT.to_owned()));
        Failure { guarded, ..failure }
    }

    /// The text without what was read from the target; `None` if nothing in it was. That a port
    /// answers, and with which status, is no content: who asks sees as much by how long it takes.
    fn without_findings(&self) -> Option<String> {
        Some(match self {
            Self::Unfit { .. }
            | Self::UnknownName(_)
            | Self::NoRecord(_)
            | Self::Refused { .. }
            | Self::Unanswered(_)
            | Self::Lack(_)
            | Self::Forbidden { .. }
            | Self::Unreachable { .. } => return None,
            Self::LookUp { question, .. } | Self::Unreadable { question, .. } => {
                format!("Looking up {} of {} failed.", question.types, question.name)
            }
            Self::NotValidated { question, .. } => {
                Self::NotValidated { question: question.clone(), reason: None }.to_string()
            }
            Self::WrongTxt { name, expected, .. } => format!(
                "No TXT record of {name} is {expected}. Publish the digest of this challenge's key authorization, and wait until all name servers of the zone have it."
            ),
            Self::Caa(refusal) => refusal.without_findings(),
            Self::Http { url, address, reason } => {
                let reason = reason.without_findings()?;
                format!("GET {} at {address} {reason}", excerpt(url.as_bytes(), SHOWN_URL))
            }
            Self::Tls { host, address, reason } => {
                format!("The TLS handshake with {host} at {address} {}", reason.without_findings()?)
            }
        })
    }

    fn problem_type(&self) -> ProblemType {
        match self {
            Self::Unfit { .. } => ProblemType::Malformed,
            Self::Lack(_)
            | Self::Http { reason: HttpFault::Lack(_), .. }
            | Self::Tls { reason: TlsFault::Lack(_), .. } => ProblemType::ServerInternal,
            Self::UnknownName(_)
            | Self::NoRecord(_)
            | Self::Refused { .. }
            | Self::NotValidated { .. }
            | Self::Unanswered(_)
            | Self::LookUp { .. }
            | Self::Unreadable { .. } => ProblemType::Dns,
            Self::Caa(_) => ProblemType::Caa,
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

    /// A refusal by our own rules is permanent. Everything else may be a deployment in progress.
    fn may_heal(&self) -> bool {
        !matches!(
            self,
            Self::Unfit { .. }
                | Self::Forbidden { .. }
                | Self::Caa(_)
                | Self::Http {
                    reason: HttpFault::Location { .. } | HttpFault::Port { .. } | HttpFault::Redirects(_),
                    ..
                }
        )
    }
}

/// A DNS query.
#[derive(Clone, Debug)]
pub(crate) struct DnsQuery {
    /// The name, without the dot of the root.
    pub(crate) name: String,
    /// The record types, as text for people.
    pub(crate) types: &'static str,
}

fn permission(reason: &ForbiddenAddress) -> &'static str {
    if reason.could_be_allowed() { ", or ask the operator to allow this network" } else { "" }
}

fn because(reason: Option<&str>) -> String {
    reason.map(|reason| format!(": {reason}")).unwrap_or_default()
}

fn listed(attempts: &[(SocketAddr, String)]) -> String {
    attempts.iter().map(|(address, error)| format!("{address}: {error}")).collect::<Vec<_>>().join("; ")
}

fn guarded(detail: String) -> String {
    format!("{detail} The CA's operator can see what was found.")
}

const BEHIND_A_REDIRECT: &str = "A redirect was followed, and its target did not answer the challenge as expected.";
const SHOWN_URL: usize = 200;
