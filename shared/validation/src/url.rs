//! The URLs that http-01 requests, and the redirects between them (RFC 3986, RFC 9110 §10.2.2).

use std::fmt;

use crate::{
    host::Host,
    rules::{HTTP_PORT, TLS_PORT},
};

/// An `http` or `https` URL without user, password and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    /// The scheme, which decides whether TLS is used.
    pub(crate) scheme: Scheme,
    /// The host to connect to.
    pub(crate) host: Host,
    /// The port, explicit or the scheme's default.
    pub(crate) port: u16,
    /// The request target: path and query.
    pub(crate) path: String,
}

impl Url {
    /// The URL that a `Location` in a response of this URL leads to.
    pub(crate) fn join(&self, location: &[u8]) -> Result<Self, UrlError> {
        let text = std::str::from_utf8(location).map_err(|_| UrlError::Character)?;
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(UrlError::Character);
        }
        let text = text.split_once('#').map_or(text, |(before, _)| before);
        let url = match split_scheme(text) {
            Some((scheme, rest)) => {
                let scheme = Scheme::parse(scheme)?;
                Self::from_authority(scheme, rest.strip_prefix("//").ok_or(UrlError::Host)?)?
            }
            None => match text.strip_prefix("//") {
                Some(rest) => Self::from_authority(self.scheme, rest)?,
                None => self.join_path(text),
            },
        };
        // A relative reference leads to more than it says.
        if url.to_string().len() > MAX_LENGTH { Err(UrlError::TooLong) } else { Ok(url) }
    }

    /// `host[:port]`, the value of the `Host` header.
    pub(crate) fn authority(&self) -> String {
        if self.port == self.scheme.default_port() {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    fn from_authority(scheme: Scheme, rest: &str) -> Result<Self, UrlError> {
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(UrlError::Userinfo);
        }
        // The colons of an IPv6 address are before the closing bracket.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port),
            _ => (authority, ""),
        };
        Ok(Self {
            scheme,
            host: Host::from_authority(host).ok_or(UrlError::Host)?,
            port: parse_port(port, scheme)?,
            path: without_dot_segments(path),
        })
    }

    fn join_path(&self, reference: &str) -> Self {
        let base = self.path.split_once('?').map_or(self.path.as_str(), |(path, _)| path);
        let joined = match reference.chars().next() {
            None => self.path.clone(),
            Some('/') => reference.to_owned(),
            Some('?') => format!("{base}{reference}"),
            Some(_) => {
                let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
                format!("{folder}/{reference}")
            }
        };
        Self { path: without_dot_segments(&joined), ..self.clone() }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme.as_str(), self.authority(), self.path)
    }
}

/// The schemes of redirects that are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// HTTP without TLS.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// The port of a URL that does not state one.
    pub(crate) fn default_port(self) -> u16 {
        match self {
            Self::Http => HTTP_PORT,
            Self::Https => TLS_PORT,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn parse(text: &str) -> Result<Self, UrlError> {
        [Self::Http, Self::Https]
            .into_iter()
            .find(|scheme| scheme.as_str().eq_ignore_ascii_case(text))
            .ok_or(UrlError::Scheme)
    }
}

/// Why a `Location` is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UrlError {
    /// A space, a control character, or a byte that is not ASCII.
    #[error("it contains a character that is not allowed in URLs")]
    Character,
    /// Neither a DNS name nor a plain address.
    #[error("its host is neither a DNS name nor an address in the usual form")]
    Host,
    /// The port is not a number.
    #[error("its port is not a number")]
    Port,
    /// Longer than the limit of 2048 characters.
    #[error("it is longer than 2048 characters")]
    TooLong,
    /// Another scheme, such as `ftp:`, `file:` or `gopher:`.
    #[error("its scheme is neither http nor https")]
    Scheme,
    /// A user name or a password before the host.
    #[error("it has a user name")]
    Userinfo,
}

fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let end = text.find([':', '/', '?'])?;
    let rest = text.get(end..)?.strip_prefix(':')?;
    Some((text.get(..end)?, rest))
}

fn parse_port(text: &str, scheme: Scheme) -> Result<u16, UrlError> {
    if text.is_empty() {
        return Ok(scheme.default_port());
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(UrlError::Port);
    }
    text.parse().map_err(|_| UrlError::Port)
}

/// Removes dot segments from the path (RFC 3986 §5.2.4) and keeps the query. The result starts with
/// a slash.
fn without_dot_segments(text: &str) -> String {
    let (path, query) = text.split_at(text.find('?').unwrap_or(text.len()));
    let mut kept = Vec::new();
    let mut segments = path.strip_prefix('/').unwrap_or(path).split('/').peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if segments.peek().is_none() {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    format!("/{}{query}", kept.join("/"))
}

const MAX_LENGTH: usize = 2048;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base() -> Url {
        let path = "/.well-known/acme-challenge/token".to_owned();
        Url { scheme: Scheme::Http, host: Host::from_authority("a.test").unwrap(), port: 5002, path }
    }

    #[test]
    fn locations_are_resolved_against_the_url_that_was_requested() {
        for (location, target) in [
            ("https://b.test/x?y=1#z", "https://b.test/x?y=1"),
            ("HTTP://B.test:80", "http://b.test/"),
            ("http://b.test:81?x", "http://b.test:81/?x"),
            ("http://[2001:DB8::1]:8080/x", "http://[2001:db8::1]:8080/x"),
            ("http://[2001:db8::1]", "http://[2001:db8::1]/"),
            ("//b.test/x", "http://b.test/x"),
            ("//b.test:/x", "http://b.test/x"),
            ("/x", "http://a.test:5002/x"),
            ("/a/./b/../c", "http://a.test:5002/a/c"),
            ("../x", "http://a.test:5002/.well-known/x"),
            ("../../../..", "http://a.test:5002/"),
            ("x?y=/../z", "http://a.test:5002/.well-known/acme-challenge/x?y=/../z"),
            ("x/y:z", "http://a.test:5002/.well-known/acme-challenge/x/y:z"),
            ("?x", "http://a.test:5002/.well-known/acme-challenge/token?x"),
            ("", "http://a.test:5002/.well-known/acme-challenge/token"),
        ] {
            assert_eq!(base().join(location.as_bytes()).unwrap().to_string(), target, "{location}");
        }
    }

    #[test]
    fn threat_12_odd_locations_are_refused_with_their_reason() {
        let long = format!("/{}", "a".repeat(2048));
        for (location, reason) in [
            ("ftp://b.test/", UrlError::Scheme),
            ("file:///etc/passwd", UrlError::Scheme),
            ("javascript:alert(1)", UrlError::Scheme),
            ("http:x", UrlError::Host),
            ("http:///x", UrlError::Host),
            ("http://2130706433/", UrlError::Host),
            ("http://0177.0.0.1/", UrlError::Host),
            ("http://0x7f.1/", UrlError::Host),
            ("http://[::1%25lo]/", UrlError::Host),
            ("http://a..b/", UrlError::Host),
            ("http://b.test\\@c.test/", UrlError::Userinfo),
            ("http://user:pw@b.test/", UrlError::Userinfo),
            ("http://b.test:65536/", UrlError::Port),
            ("http://b.test:+80/", UrlError::Port),
            ("http://b.test/a b", UrlError::Character),
            ("http://b.test/\u{e9}", UrlError::Character),
            ("/a\r\nx: y", UrlError::Character),
            (long.as_str(), UrlError::TooLong),
        ] {
            assert_eq!(base().join(location.as_bytes()), Err(reason), "{location:?}");
        }
    }

    #[test]
    fn a_location_that_leads_to_a_longer_url_than_the_limit_is_refused_however_short_it_is() {
        let leads = |length: usize| {
            let rest = length - base().join(b"a").unwrap().to_string().len();
            base().join(format!("a{}", "a".repeat(rest)).as_bytes())
        };
        assert_eq!(leads(2049), Err(UrlError::TooLong));
        let longest = leads(2048).unwrap();
        assert_eq!(longest.to_string().len(), 2048);
        assert_eq!(longest.join(longest.to_string().as_bytes()), Ok(longest));
    }

    proptest! {
        #[test]
        fn no_location_panics_and_what_is_read_reads_back(location in "[ -~]{0,60}") {
            if let Ok(url) = base().join(location.as_bytes()) {
                prop_assert_eq!(base().join(url.to_string().as_bytes()), Ok(url));
            }
        }
    }
}
