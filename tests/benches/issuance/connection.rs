//! One HTTP/1.1 connection over TLS that is kept open.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, client::Resumption, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::Value;
use tokio::{net::TcpStream, time};
use tokio_rustls::TlsConnector;

/// Opens connections to servers with a certificate below one root.
#[derive(Clone)]
pub(crate) struct Connector(TlsConnector);

/// An open connection.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

/// A response, read to its end.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why no certificate was obtained.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Connector {
    /// Trusts only this root. Every connection does a full handshake: a client that resumes a
    /// session is not a new client.
    pub(crate) fn trusting(root: CertificateDer<'static>) -> Result<Self, Failure> {
        let mut roots = RootCertStore::empty();
        roots.add(root)?;
        let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Opens a connection to the server of that URL.
    pub(crate) async fn open(&self, url: &str) -> Result<Connection, Failure> {
        let uri: Uri = url.parse()?;
        let name = uri.host().unwrap_or_default().to_owned();
        let stream = TcpStream::connect(("127.0.0.1", uri.port_u16().unwrap_or(443))).await?;
        stream.set_nodelay(true)?;
        let stream = self.0.connect(ServerName::try_from(name)?, stream).await?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Connection { sender, host: uri.authority().map(ToString::to_string).unwrap_or_default() })
    }
}

impl Connection {
    /// Sends a request and reads the response; a request with a body is a signed POST.
    pub(crate) async fn request(&mut self, method: Method, url: &str, body: String) -> Result<Reply, Failure> {
        let uri: Uri = url.parse()?;
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let mut request = Request::builder().method(method).uri(target).header(header::HOST, &self.host);
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/jose+json");
        }
        let request = request.header(header::USER_AGENT, "bench").body(Full::from(body))?;
        let exchange = async {
            self.sender.ready().await?;
            let (head, body) = self.sender.send_request(request).await?.into_parts();
            let body = body.collect().await?.to_bytes();
            Ok(Reply { status: head.status, headers: head.headers, body })
        };
        time::timeout(LONGEST, exchange).await?
    }
}

impl Reply {
    /// Fails unless the response has this status.
    pub(crate) fn expect(self, status: StatusCode) -> Result<Self, Failure> {
        if self.status == status {
            Ok(self)
        } else {
            Err(Failure::new(format!("{}: {}", self.status, String::from_utf8_lossy(&self.body))))
        }
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Result<&str, Failure> {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.ok_or_else(|| Failure::new(format!("an answer has no {name}")))
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<Value, Failure> {
        Ok(serde_json::from_slice(&self.body)?)
    }
}

impl Failure {
    /// A failure for this reason.
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const LONGEST: Duration = Duration::from_secs(5);
