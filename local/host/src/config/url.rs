//! The two base URLs: that of ACME, over HTTPS, and that of the URLs inside certificates, over
//! plain HTTP.

use std::{fmt, net::IpAddr, str::FromStr};

use acme::Identifier;
use http::{Uri, uri::Scheme};

/// The public base of all ACME URLs: `https://host[:port][/path]`, without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Base);

/// The base of the URLs inside certificates: `http://host[:port][/path]`, without a trailing slash.
///
/// It is never HTTPS: fetching a CRL over TLS would require the chain that is being validated
/// (RFC 5280 §8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusUrl(Base);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Base {
    text: String,
    host: Identifier,
}

impl BaseUrl {
    /// The URL as text, without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The host: a DNS name or an IP address.
    pub fn host(&self) -> &Identifier {
        &self.0.host
    }

    /// A plain-HTTP URL with the same host and this port.
    pub(crate) fn status_url(&self, port: u16) -> StatusUrl {
        let text = match &self.0.host {
            Identifier::Ip(IpAddr::V6(address)) => format!("http://[{address}]:{port}"),
            host => format!("http://{host}:{port}"),
        };
        StatusUrl(Base { text, host: self.0.host.clone() })
    }
}

impl StatusUrl {
    /// The URL as text, without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }
}

impl FromStr for BaseUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        Base::parse(text, &Scheme::HTTPS).map(Self)
    }
}

acme::text_form!(Deserialize for BaseUrl);

impl FromStr for StatusUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        Base::parse(text, &Scheme::HTTP).map(Self)
    }
}

acme::text_form!(Deserialize for StatusUrl);

impl Base {
    fn parse(text: &str, scheme: &Scheme) -> Result<Self, UrlError> {
        let error = || UrlError { scheme: scheme.clone() };
        let text = text.trim_end_matches('/');
        let uri: Uri = text.parse().map_err(|_| error())?;
        let authority = uri.authority().ok_or_else(error)?;
        let plain = uri.scheme() == Some(scheme) && uri.query().is_none() && !text.contains(['#', '@']);
        // `http` accepts a port that is not a number.
        let port = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
        if !plain || (!port.is_empty() && authority.port_u16().is_none()) {
            return Err(error());
        }
        let host = authority.host().trim_matches(['[', ']']);
        let host = match host.parse::<IpAddr>() {
            Ok(address) => Identifier::Ip(address),
            Err(_) => Identifier::Dns(host.parse().map_err(|_| error())?),
        };
        Ok(Self { text: text.to_owned(), host })
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for StatusUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not a URL of the required form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a URL of the form {scheme}://host[:port][/path]")]
pub struct UrlError {
    scheme: Scheme,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_parsed_with_its_host_and_without_its_trailing_slash() {
        for (text, base, host) in [
            ("https://localhost:14000/api", "https://localhost:14000/api", "localhost"),
            ("https://ca.example/", "https://ca.example", "ca.example"),
            ("https://[::1]:8443/api", "https://[::1]:8443/api", "::1"),
            ("https://192.0.2.1", "https://192.0.2.1", "192.0.2.1"),
        ] {
            let url: BaseUrl = text.parse().unwrap();
            assert_eq!((url.as_str(), url.host().to_string().as_str()), (base, host));
        }
    }

    #[test]
    fn other_text_is_refused_with_the_expected_form() {
        for text in [
            "",
            "localhost",
            "/api",
            "http://localhost",
            "https://",
            "https:///api",
            "https://a?b",
            "https://a/#b",
            "https://user@a",
            "https://a:port",
            "https://a:70000",
            "https://a..b",
            "https://a b",
        ] {
            let error = text.parse::<BaseUrl>().expect_err(text);
            assert_eq!(error.to_string(), "expected a URL of the form https://host[:port][/path]");
        }
        let error = "https://a".parse::<StatusUrl>().unwrap_err();
        assert_eq!(error.to_string(), "expected a URL of the form http://host[:port][/path]");
    }

    #[test]
    fn the_status_url_has_the_host_of_the_base() {
        for (base, status) in
            [("https://ca.example:1/api", "http://ca.example:2"), ("https://[::1]/", "http://[::1]:2")]
        {
            let derived = base.parse::<BaseUrl>().unwrap().status_url(2);
            assert_eq!(derived.as_str(), status);
            assert_eq!(derived, status.parse().unwrap());
        }
    }
}
