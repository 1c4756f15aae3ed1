//! Questions over HTTP/2 and mutual TLS, on one connection for each perspective.

use std::{sync::Arc, time::Duration};

use acme::{Identifier, UrlBase, UrlScheme};
use async_trait::async_trait;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    body::Bytes,
    client::conn::http2::{self, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use perspective::{Channel, ChannelError, MAX_MESSAGE};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName},
};
use tokio::{sync::Mutex, time::Instant};
use tokio_rustls::TlsConnector;
use validation::{Rules, dial};

use super::primary::PATH;
use crate::{StartError, config::local_networks, own_certificate::OwnCertificate};

/// The process of one perspective.
pub(super) struct HttpsChannel {
    host: String,
    port: u16,
    url: String,
    name: ServerName<'static>,
    rules: Rules,
    tls: Arc<ClientConfig>,
    connection: Mutex<Option<Connection>>,
}

/// An open connection, shared by the questions that are on their way.
#[derive(Clone)]
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    since: Instant,
}

/// The TLS settings for all perspectives: they have a certificate of this root, and the host shows
/// its own.
pub(super) fn client_config(own: Arc<OwnCertificate>, root: &[u8]) -> Result<Arc<ClientConfig>, StartError> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(root.to_vec()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = config.with_root_certificates(roots).with_client_cert_resolver(own);
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Arc::new(config))
}

impl HttpsChannel {
    /// The channel to this URL, which the file was checked for.
    pub(super) fn new(url: &str, tls: Arc<ClientConfig>) -> Result<Self, StartError> {
        let base = UrlBase::parse(url, UrlScheme::Https)?;
        let (name, host) = match base.host() {
            Identifier::Ip(address) => (ServerName::from(*address), address.to_string()),
            host @ (Identifier::Dns(_) | Identifier::Wildcard(_)) => {
                let host = host.to_string();
                let name = ServerName::try_from(host.clone());
                (name.map_err(|error| rustls::Error::General(error.to_string()))?, host)
            }
        };
        // A perspective is where its operator put it, so private networks are as good as others.
        let rules = Rules { allowed_networks: local_networks(), ..Rules::default() };
        let authority = base.as_str().trim_start_matches("https://").split('/').next().unwrap_or_default().to_owned();
        let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(HTTPS_PORT);
        let url = format!("https://{authority}{PATH}");
        Ok(Self { host, port, url, name, rules, tls, connection: Mutex::new(None) })
    }

    /// The open connection, or a new one; and whether it is a new one. Those who need one at the
    /// same time wait for the same.
    async fn connection(&self) -> Result<(Connection, bool), ChannelError> {
        let mut open = self.connection.lock().await;
        if let Some(connection) = open.as_ref().filter(|connection| connection.is_good()) {
            return Ok((connection.clone(), false));
        }
        let connection = self.connect().await?;
        *open = Some(connection.clone());
        Ok((connection, true))
    }

    async fn connect(&self) -> Result<Connection, ChannelError> {
        let stream = dial(&self.rules, &self.host, self.port).await.map_err(failed)?.stream;
        let stream = TlsConnector::from(self.tls.clone()).connect(self.name.clone(), stream).await.map_err(failed)?;
        let mut builder = http2::Builder::new(TokioExecutor::new());
        // A connection that a network forgot is found before a question waits for it.
        builder.timer(TokioTimer::new()).keep_alive_interval(ALIVE).keep_alive_while_idle(true);
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(failed)?;
        // It ends when its last sender is dropped; its errors are those of the questions.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Connection { sender, since: Instant::now() })
    }

    async fn ask(&self, mut connection: Connection, question: &[u8]) -> Result<Vec<u8>, ChannelError> {
        let request = Request::post(&self.url)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::copy_from_slice(question)))
            .map_err(failed)?;
        let answer = connection.sender.send_request(request).await.map_err(failed)?;
        if answer.status() != StatusCode::OK {
            return Err(ChannelError(format!("it answered {}", answer.status())));
        }
        let body = Limited::new(answer.into_body(), MAX_MESSAGE).collect().await;
        Ok(body.map_err(|error| ChannelError(error.to_string()))?.to_bytes().to_vec())
    }
}

impl Connection {
    /// Whether another question may use it. It ends after a while, so that renewed certificates of
    /// both sides are shown.
    fn is_good(&self) -> bool {
        !self.sender.is_closed() && self.since.elapsed() < LIFETIME
    }
}

#[async_trait]
impl Channel for HttpsChannel {
    async fn exchange(&self, question: &[u8]) -> Result<Vec<u8>, ChannelError> {
        let (connection, is_new) = self.connection().await?;
        match self.ask(connection, question).await {
            Err(error) if is_new => Err(error),
            // It may have ended a moment ago. The same question may be asked twice.
            Err(_) => {
                *self.connection.lock().await = None;
                let (connection, _) = self.connection().await?;
                self.ask(connection, question).await
            }
            answered => answered,
        }
    }
}

fn failed(error: impl std::error::Error) -> ChannelError {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    ChannelError(format!("{error}{cause}"))
}

const HTTPS_PORT: u16 = 443;
const ALIVE: Duration = Duration::from_secs(20);
const LIFETIME: Duration = Duration::from_secs(600);
