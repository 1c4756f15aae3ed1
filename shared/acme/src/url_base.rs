//! The base of URLs, in the one form that clients compare with and sign.
//!
//! Clients normalize URLs (RFC 3986 §6): they leave out the default port, write the host in lower
//! case, and resolve dot segments. A signature is over the text of a URL (RFC 8555 §6.4), so the
//! configured base is brought into that form once, at the start, on either host.

use std::{fmt, net::IpAddr};

use crate::{DnsName, Identifier};

/// The base of URLs: `scheme://host[:port][/path]`, normalized, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlBase {
    text: String,
    host: Identifier,
}

/// The schemes of bases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlScheme {
    /// Plain HTTP, for what stands inside certificates (RFC 5280 §8).
    Http,
    /// HTTPS, for ACME (RFC 8555 §6.1).
    Https,
}

impl UrlScheme {
    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl fmt::Display for UrlScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

impl UrlBase {
    /// Parses a base and normalizes it.
    ///
    /// # Errors
    /// It has another scheme, user information, a query or a fragment, no valid host or port, or a
    /// path that clients would change.
    pub fn parse(text: &str, scheme: UrlScheme) -> Result<Self, UrlBaseError> {
        Self::normalized(text, scheme).ok_or(UrlBaseError { scheme })
    }

    fn normalized(text: &str, scheme: UrlScheme) -> Option<Self> {
        let (found, rest) = text.trim_end_matches('/').split_once("://")?;
        if !found.eq_ignore_ascii_case(&scheme.to_string()) {
            return None;
        }
        let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        let (host, port) = split_port(authority)?;
        let host = match host.strip_prefix('[') {
            Some(address) => Identifier::Ip(IpAddr::V6(address.strip_suffix(']')?.parse().ok()?)),
            None => match host.parse::<IpAddr>() {
                Ok(address) => Identifier::Ip(Some(address).filter(IpAddr::is_ipv4)?),
                // URL parsers take some names for addresses.
                Err(_) => Identifier::Dns(host.parse::<DnsName>().ok()?).orderable().ok()?,
            },
        };
        if !path.split('/').skip(1).all(is_plain_segment) {
            return None;
        }
        Some(Self { text: assembled(scheme, &host, port, path), host })
    }

    /// The same host at another port, with another scheme and without a path.
    #[must_use]
    pub fn at(&self, scheme: UrlScheme, port: u16) -> Self {
        Self { text: assembled(scheme, &self.host, Some(port), ""), host: self.host.clone() }
    }

    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host: a name or an address.
    pub fn host(&self) -> &Identifier {
        &self.host
    }
}

impl fmt::Display for UrlBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The text is no such base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a URL of the form {scheme}://host[:port][/path]")]
pub struct UrlBaseError {
    scheme: UrlScheme,
}

fn assembled(scheme: UrlScheme, host: &Identifier, port: Option<u16>, path: &str) -> String {
    let port = port.filter(|port| *port != scheme.default_port());
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    match host {
        Identifier::Ip(IpAddr::V6(address)) => format!("{scheme}://[{address}]{port}{path}"),
        host => format!("{scheme}://{host}{port}{path}"),
    }
}

/// The host with its brackets, and the port.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let end = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    let Some(colon) = authority.get(end..)?.find(':').map(|colon| end + colon) else {
        return Some((authority, None));
    };
    let (host, port) = authority.split_at(colon);
    match port.strip_prefix(':')? {
        // An empty port is the default one (RFC 3986 §3.2.3).
        "" => Some((host, None)),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some((host, Some(digits.parse().ok()?))),
        _ => None,
    }
}

/// Whether a path segment is the same after every normalization.
fn is_plain_segment(segment: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    !segment.is_empty() && segment != "." && segment != ".." && segment.bytes().all(unreserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_base_becomes_the_one_that_clients_sign() {
        for (text, base, host) in [
            ("https://localhost:14000/api", "https://localhost:14000/api", "localhost"),
            ("https://ca.example/", "https://ca.example", "ca.example"),
            ("https://ca.example:443/api", "https://ca.example/api", "ca.example"),
            ("https://ca.example:0443/api/", "https://ca.example/api", "ca.example"),
            ("https://ca.example:/api", "https://ca.example/api", "ca.example"),
            ("https://ca.example:80/api", "https://ca.example:80/api", "ca.example"),
            ("HTTPS://CA.Example/Api", "https://ca.example/Api", "ca.example"),
            ("https://[::1]:8443/api", "https://[::1]:8443/api", "::1"),
            ("https://[2001:DB8:0::1]:443", "https://[2001:db8::1]", "2001:db8::1"),
            ("https://192.0.2.1", "https://192.0.2.1", "192.0.2.1"),
        ] {
            let url = UrlBase::parse(text, UrlScheme::Https).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((url.as_str(), url.host().to_string().as_str()), (base, host));
            assert_eq!(UrlBase::parse(base, UrlScheme::Https), Ok(url));
        }
        let status = UrlBase::parse("http://CA.example:80/status", UrlScheme::Http).unwrap();
        assert_eq!(status.as_str(), "http://ca.example/status");
    }

    #[test]
    fn what_is_no_base_is_refused_with_its_form() {
        for text in [
            "",
            "localhost",
            "/api",
            "http://localhost",
            "https://",
            "https:///api",
            "https://a?b",
            "https://a/b?c",
            "https://a/#b",
            "https://user@a",
            "https://a:port",
            "https://a:70000",
            "https://a:+1",
            "https://a..b",
            "https://a b",
            "https://::1",
            "https://0x7f000001",
            "https://[::1",
            "https://[192.0.2.1]",
            "https://[::1]x",
            // Clients would send requests to other paths than these.
            "https://a//api",
            "https://a/./api",
            "https://a/b/../api",
            "https://a/%61pi",
            "https://a/ü",
        ] {
            let error = UrlBase::parse(text, UrlScheme::Https).expect_err(text);
            assert_eq!(error.to_string(), "expected a URL of the form https://host[:port][/path]");
        }
        let error = UrlBase::parse("https://a", UrlScheme::Http).unwrap_err();
        assert_eq!(error.to_string(), "expected a URL of the form http://host[:port][/path]");
    }
}
