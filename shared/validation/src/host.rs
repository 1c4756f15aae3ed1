//! Hosts: a name to resolve, or an address.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use acme::{DnsName, Identifier};

/// The host of a URL or of a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// A name to resolve in DNS.
    Name(DnsName),
    /// An IP address.
    Address(IpAddr),
}

impl Host {
    /// The host in the authority of a URL (RFC 3986 §3.2.2).
    ///
    /// Addresses are the four decimal numbers of IPv4 and the bracketed text of IPv6, nothing else.
    /// The decimal, octal and hexadecimal forms that `inet_aton` accepts are not addresses here:
    /// they are not names either if their last label is a number, and otherwise they are looked up
    /// in DNS.
    pub(crate) fn from_authority(text: &str) -> Option<Self> {
        if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return inner.parse::<Ipv6Addr>().ok().map(|v6| Self::Address(v6.into()));
        }
        match text.parse::<Ipv4Addr>() {
            Ok(v4) => Some(Self::Address(v4.into())),
            Err(_) => text.parse().ok().map(Self::Name),
        }
    }
}

impl From<&Identifier> for Host {
    /// The host at which the identifier is validated.
    fn from(identifier: &Identifier) -> Self {
        match identifier {
            Identifier::Dns(name) | Identifier::Wildcard(name) => Self::Name(name.clone()),
            Identifier::Ip(address) => Self::Address(*address),
        }
    }
}

impl fmt::Display for Host {
    /// The form used in URLs: IPv6 addresses are in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Address(IpAddr::V4(v4)) => v4.fmt(f),
            Self::Address(IpAddr::V6(v6)) => write!(f, "[{v6}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threat_12_only_plain_addresses_are_addresses() {
        for (text, address) in
            [("127.0.0.1", "127.0.0.1"), ("[::1]", "::1"), ("[::ffff:127.0.0.1]", "::ffff:127.0.0.1")]
        {
            assert_eq!(Host::from_authority(text), Some(Host::Address(address.parse().unwrap())));
        }
        for text in [
            "2130706433",
            "017700000001",
            "127.1",
            "0177.0.0.1",
            "0x7f.0.0.1",
            "127.0.0.01",
            "::1",
            "[127.0.0.1]",
            "[fe80::1%25eth0]",
            "[::1",
            "",
            "a..b",
            "%6c.test",
            "a b",
        ] {
            assert_eq!(Host::from_authority(text), None, "{text:?}");
        }
        for text in ["0x7f000001", "a.test"] {
            assert!(matches!(Host::from_authority(text), Some(Host::Name(_))), "{text:?}");
        }
    }

    #[test]
    fn threat_22_ipv6_is_written_in_brackets() {
        let host = Host::from(&Identifier::Ip("2001:db8::1".parse().unwrap()));
        assert_eq!(host.to_string(), "[2001:db8::1]");
    }
}
