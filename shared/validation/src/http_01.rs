//! http-01 (RFC 8555 §8.3): a resource on the web server.
//!
//! Redirects are followed, each with the same checks as the first request. Over `https` the
//! certificate is not verified: the client may be asking for its first one.

use std::{convert::Infallible, future::pending, io, net::SocketAddr, sync::Arc};

use acme::Observation;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::{
    body::{Bytes, Incoming},
    client::conn::http1,
};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{DnsName, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

use crate::{
    Failure, Lack, Probe, Rules,
    connection::{Connection, Dialer},
    excerpt::excerpt,
    fault::{Fault, HttpFault},
    host::Host,
    tls,
    url::{Scheme, Url},
};

/// Fetches the key authorization from its well-known URL.
pub(crate) async fn run(probe: &Probe, dialer: &Dialer<'_>) -> Result<Observation, Failure> {
    let mut url = Url {
        scheme: Scheme::Http,
        host: Host::from(&probe.identifier),
        port: probe.rules.http_port,
        path: format!("/.well-known/acme-challenge/{}", probe.token.as_str()),
    };
    let mut redirects = 0;
    let mut last = None;
    loop {
        let is_redirected = redirects > 0;
        let fail = |fault: Fault, address| {
            if is_redirected { fault.behind_a_redirect(address) } else { fault.at(address) }
        };
        let connection = dialer.connect(&url.host, url.port).await.map_err(|fault| fail(fault, last))?;
        let address = connection.address;
        last = Some(address.ip());
        let next = match dialer.deadline.bound(get(&url, connection)).await {
            Ok(answer) => answer.and_then(|answer| answer.next(&url, probe)),
            Err(_) => Err(HttpFault::Slow),
        };
        let failed = |reason| fail(Fault::Http { url: url.to_string(), address, reason }, last);
        match next.map_err(failed)? {
            Next::Shown => {
                let observed = Observation { address: last, resolver: probe.rules.resolver, ..Observation::default() };
                return Ok(observed.with_seen(&url.to_string()));
            }
            Next::Redirect(_) if redirects == MAX_REDIRECTS => return Err(failed(HttpFault::Redirects(redirects))),
            Next::Redirect(target) => {
                redirects += 1;
                url = target;
            }
        }
    }
}

/// Whether what the stream answers to a request for `url` shows the key authorization; `None` when
/// it cannot be read or leads elsewhere.
#[cfg(fuzzing)]
pub(crate) async fn shows<S: AsyncRead + AsyncWrite + Unpin>(url: &Url, stream: S, probe: &Probe) -> Option<bool> {
    match exchange(url, stream).await.ok()?.next(url, probe) {
        Ok(Next::Shown) => Some(true),
        Ok(Next::Redirect(_)) => None,
        Err(reason) => Some(reason.to_string().is_empty()),
    }
}

/// The parts of a response that are checked.
struct Fetched {
    status: StatusCode,
    location: Option<HeaderValue>,
    /// At most one byte longer than [`MAX_BODY`].
    body: Vec<u8>,
}

enum Next {
    Shown,
    Redirect(Url),
}

impl Fetched {
    /// The next step after this response to a request for `url`.
    fn next(self, url: &Url, probe: &Probe) -> Result<Next, HttpFault> {
        match self.status {
            StatusCode::OK => self.compare(probe),
            // 303 leads to another resource (RFC 9110 §15.4.4); public CAs may not follow it.
            StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT => self.redirect(url, &probe.rules),
            status => Err(HttpFault::Status(status)),
        }
    }

    /// RFC 8555 §8.3: trailing white space is ignored.
    fn compare(&self, probe: &Probe) -> Result<Next, HttpFault> {
        let expected = probe.key_authorization.as_str();
        if self.body.len() <= MAX_BODY && self.body.trim_ascii_end() == expected.as_bytes() {
            return Ok(Next::Shown);
        }
        let found = match self.body.trim_ascii() {
            [] => "nothing".to_owned(),
            // The key authorization of another key: the difference is at its end, and it is not a
            // secret.
            text if text.starts_with(probe.token.as_str().as_bytes()) => format!("\"{}\"", excerpt(text, MAX_BODY)),
            text => format!("\"{}\"", excerpt(text, SHOWN_BODY)),
        };
        Err(HttpFault::Content { expected: expected.to_owned(), found })
    }

    fn redirect(&self, url: &Url, rules: &Rules) -> Result<Next, HttpFault> {
        let location = self.location.as_ref().ok_or(HttpFault::NoLocation(self.status))?;
        let shown = || excerpt(location.as_bytes(), SHOWN_LOCATION);
        let target =
            url.join(location.as_bytes()).map_err(|reason| HttpFault::Location { location: shown(), reason })?;
        let configured = match target.scheme {
            Scheme::Http => rules.http_port,
            Scheme::Https => rules.tls_port,
        };
        if target.port != target.scheme.default_port() && target.port != configured {
            return Err(HttpFault::Port { target: shown(), http: rules.http_port, https: rules.tls_port });
        }
        Ok(Next::Redirect(target))
    }
}

/// Sends one request over one new connection.
async fn get(url: &Url, connection: Connection) -> Result<Fetched, HttpFault> {
    match url.scheme {
        Scheme::Http => exchange(url, connection.stream).await,
        Scheme::Https => {
            let failed = |error: String| HttpFault::Broken(format!("TLS handshake: {error}"));
            let config = tls::unverified().map_err(|error| failed(error.to_string()))?;
            let name = server_name(&url.host, connection.address);
            let handshake = TlsConnector::from(Arc::new(config)).connect(name, connection.stream);
            let unshaken =
                |error: io::Error| Lack::of(&error).map_or_else(|| failed(error.to_string()), HttpFault::Lack);
            exchange(url, handshake.await.map_err(unshaken)?).await
        }
    }
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(url: &Url, stream: S) -> Result<Fetched, HttpFault> {
    let request = request(url)?;
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(MAX_HEAD).handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(broken)?;
        read(response).await.map_err(broken)
    };
    // When the connection ends, the error arrives through the request.
    let driver = async {
        drop(connection.await);
        pending::<Infallible>().await
    };
    tokio::select! {
        answer = answer => answer,
        never = driver => match never {},
    }
}

fn request(url: &Url) -> Result<Request<Empty<Bytes>>, HttpFault> {
    Request::get(&url.path)
        .header(header::HOST, url.authority())
        .header(header::ACCEPT, "*/*")
        .header(header::ACCEPT_ENCODING, "identity")
        .header(header::CONNECTION, "close")
        .header(header::USER_AGENT, USER_AGENT)
        .body(Empty::new())
        .map_err(|error| HttpFault::Broken(error.to_string()))
}

async fn read(response: Response<Incoming>) -> Result<Fetched, hyper::Error> {
    let (head, mut incoming) = response.into_parts();
    let mut body = Vec::new();
    // Only the body of a 200 is read; that of any other response stays unread.
    while head.status == StatusCode::OK && body.len() <= MAX_BODY {
        match incoming.frame().await.transpose()?.map(|frame| frame.into_data()) {
            Some(Ok(data)) => body.extend(data.iter().take(MAX_BODY + 1 - body.len())),
            Some(Err(_trailers)) => {}
            None => break,
        }
    }
    let location = head.headers.get(header::LOCATION).cloned();
    Ok(Fetched { status: head.status, location, body })
}

/// The server name for TLS; an address has none (RFC 6066 §3).
fn server_name(host: &Host, address: SocketAddr) -> ServerName<'static> {
    match host {
        Host::Name(name) => DnsName::try_from(name.as_str().to_owned())
            .map_or_else(|_| ServerName::from(address.ip()), ServerName::DnsName),
        Host::Address(address) => ServerName::from(*address),
    }
}

/// The text of hyper's error, with its cause.
fn broken(error: hyper::Error) -> HttpFault {
    if let Some(lack) = Lack::behind(&error) {
        return HttpFault::Lack(lack);
    }
    HttpFault::Broken(match std::error::Error::source(&error) {
        _ if error.is_parse_too_large() => "the header is too large".to_owned(),
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    })
}

/// The maximum number of redirects; RFC 8555 §8.3 sets none.
const MAX_REDIRECTS: usize = 10;
/// The maximum length of a body, in bytes; a key authorization of this CA has 87 characters.
const MAX_BODY: usize = 128;
const MAX_HEAD: usize = 16 * 1024;
const SHOWN_BODY: usize = 40;
const SHOWN_LOCATION: usize = 100;
const USER_AGENT: &str = concat!("serverless-acme/", env!("CARGO_PKG_VERSION"), " (http-01)");
