//! The two base URLs: that of ACME, over HTTPS, and that of the URLs inside certificates, over
//! plain HTTP.

use std::{fmt, str::FromStr};

use acme::{Identifier, UrlBase, UrlBaseError, UrlScheme};

/// The public base of all ACME URLs: `https://host[:port][/path]`, normalized.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(UrlBase);

/// The base of the URLs inside certificates: `http://host[:port][/path]`, normalized.
///
/// It is never HTTPS: fetching a CRL over TLS would require the chain that is being validated
/// (RFC 5280 §8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusUrl(UrlBase);

impl BaseUrl {
    /// The URL as text, without a trailing slash.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host: a DNS name or an IP address.
    pub fn host(&self) -> &Identifier {
        self.0.host()
    }

    /// A plain-HTTP URL with the same host and this port.
    pub(crate) fn status_url(&self, port: u16) -> StatusUrl {
        StatusUrl(self.0.at(UrlScheme::Http, port))
    }
}

impl StatusUrl {
    /// The URL as text, without a trailing slash.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for BaseUrl {
    type Err = UrlBaseError;

    fn from_str(text: &str) -> Result<Self, UrlBaseError> {
        UrlBase::parse(text, UrlScheme::Https).map(Self)
    }
}

acme::text_form!(Deserialize for BaseUrl);

impl FromStr for StatusUrl {
    type Err = UrlBaseError;

    fn from_str(text: &str) -> Result<Self, UrlBaseError> {
        UrlBase::parse(text, UrlScheme::Http).map(Self)
    }
}

acme::text_form!(Deserialize for StatusUrl);

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_url_has_the_host_of_the_base() {
        for (base, status) in [
            ("https://CA.example:1/api", "http://ca.example:2"),
            ("https://[::1]/", "http://[::1]:2"),
            ("https://192.0.2.1:443", "http://192.0.2.1:2"),
        ] {
            let derived = base.parse::<BaseUrl>().unwrap().status_url(2);
            assert_eq!(derived.as_str(), status);
            assert_eq!(derived, status.parse().unwrap());
        }
    }
}
