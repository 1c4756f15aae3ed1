//! The rules of a validation attempt, which come from the profile.

use std::{net::SocketAddr, time::Duration};

use ipnet::IpNet;

use crate::address::AddressRules;

/// The rules of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The DNS server for all queries; `None` for those of the system, after the hosts file.
    pub resolver: Option<SocketAddr>,
    /// Whether that server validates DNSSEC: an answer with a broken chain of signatures is none,
    /// and what it says of the others is evidence. Says nothing without `resolver`.
    pub validates: bool,
    /// Special-purpose networks that may be contacted; see [`AddressRules::new`].
    pub allowed_networks: Vec<IpNet>,
    /// The port that http-01 connects to. RFC 8555 §8.3 requires 80; tests use others.
    pub http_port: u16,
    /// The port that tls-alpn-01 connects to. RFC 8737 §3 requires 443; tests use others.
    pub tls_port: u16,
    /// The time limit of the whole probe.
    pub timeout: Duration,
    /// The time limit of one DNS query to one server; a query is sent twice.
    pub dns_timeout: Duration,
    /// The time limit of one TCP connection attempt. It is well below half of `timeout`, so that
    /// IPv4 is tried after an IPv6 address that does not answer.
    pub connect_timeout: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            resolver: None,
            validates: false,
            allowed_networks: Vec::new(),
            http_port: HTTP_PORT,
            tls_port: TLS_PORT,
            timeout: Duration::from_secs(10),
            dns_timeout: Duration::from_secs(3),
            connect_timeout: Duration::from_secs(4),
        }
    }
}

impl Rules {
    /// The rule for outbound connections.
    pub fn addresses(&self) -> AddressRules<'_> {
        AddressRules::new(&self.allowed_networks)
    }
}

/// The port of `http` URLs.
pub(crate) const HTTP_PORT: u16 = 80;
/// The port of `https` URLs.
pub(crate) const TLS_PORT: u16 = 443;
