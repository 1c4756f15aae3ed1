//! The URL of a webhook: HTTPS, or plain HTTP to this machine.

use std::{fmt, net::IpAddr, str::FromStr};

use http::{Uri, uri::Scheme};

/// The URL to which events are posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookUrl {
    text: String,
    host: String,
    port: u16,
    path: String,
    is_plain: bool,
}

impl WebhookUrl {
    /// The host, an IPv6 address in brackets.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port to connect to: the one in the URL, else that of its scheme.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Host and port, as in the `Host` header.
    pub(crate) fn authority(&self) -> String {
        match self.port {
            80 if self.is_plain => self.host.clone(),
            443 if !self.is_plain => self.host.clone(),
            port => format!("{}:{port}", self.host),
        }
    }

    /// Path and query.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Whether it is plain HTTP, which is only allowed on a loopback address.
    pub(crate) fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// Scheme and authority, which may be logged and shown. Some receivers put a secret into the
    /// rest of the URL.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", if self.is_plain { "http" } else { "https" }, self.authority())
    }
}

impl FromStr for WebhookUrl {
    type Err = WebhookUrlError;

    fn from_str(text: &str) -> Result<Self, WebhookUrlError> {
        let uri: Uri = text.parse().map_err(|_| WebhookUrlError)?;
        let authority = uri.authority().ok_or(WebhookUrlError)?;
        let host = authority.host();
        // `http` accepts a port that is not a number.
        let port = authority.as_str().strip_prefix(host).unwrap_or_default();
        if text.contains(['#', '@']) || host.is_empty() || (!port.is_empty() && authority.port_u16().is_none()) {
            return Err(WebhookUrlError);
        }
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        let is_here = host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback());
        let is_plain = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => false,
            Some(scheme) if *scheme == Scheme::HTTP && is_here => true,
            _ => return Err(WebhookUrlError),
        };
        Ok(Self {
            text: text.to_owned(),
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(if is_plain { 80 } else { 443 }),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            is_plain,
        })
    }
}

acme::text_form!(Deserialize for WebhookUrl);

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The text is not a URL of the required form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a URL of the form https://host[:port][/path], or http:// with a loopback host")]
pub struct WebhookUrlError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_is_reached_over_tls_or_on_this_machine() {
        for (text, authority, path, origin) in [
            ("https://hooks.example/a?b=c", "hooks.example", "/a?b=c", "https://hooks.example"),
            ("https://192.0.2.1:8443", "192.0.2.1:8443", "/", "https://192.0.2.1:8443"),
            ("http://127.0.0.1:9000/events", "127.0.0.1:9000", "/events", "http://127.0.0.1:9000"),
            ("http://[::1]/", "[::1]", "/", "http://[::1]"),
            ("http://localhost", "localhost", "/", "http://localhost"),
        ] {
            let url: WebhookUrl = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((url.authority().as_str(), url.path(), url.origin().as_str()), (authority, path, origin));
            assert_eq!(url.is_plain(), text.starts_with("http:"));
        }
        for text in [
            "",
            "hooks.example",
            "http://hooks.example/",
            "http://10.0.0.1/",
            "http://localhost.example/",
            "ftp://127.0.0.1/",
            "https://user:password@hooks.example/",
            "https://hooks.example/#a",
            "https://hooks.example:port/",
            "https://",
        ] {
            assert_eq!(text.parse::<WebhookUrl>(), Err(WebhookUrlError), "{text}");
        }
    }
}
