//! A question over HTTPS, on a connection of its own.

use std::sync::Arc;

use acme::{Identifier, UrlBase, UrlScheme};
use async_trait::async_trait;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use perspective::{Channel, ChannelError, MAX_MESSAGE};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName},
};
use tokio::task::AbortHandle;
use tokio_rustls::TlsConnector;
use validation::{Rules, dial};

use super::primary::PATH;
use crate::{StartError, config::local_networks, own_certificate::OwnCertificate};

/// The process of one perspective.
pub(super) struct HttpsChannel {
    host: String,
    port: u16,
    authority: String,
    name: ServerName<'static>,
    rules: Rules,
    tls: Arc<ClientConfig>,
}

/// The TLS settings for all perspectives: they have a certificate of this root, and the host shows
/// its own.
pub(super) fn client_config(own: Arc<OwnCertificate>, root: &[u8]) -> Result<Arc<ClientConfig>, StartError> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(root.to_vec()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(Arc::new(config.with_root_certificates(roots).with_client_cert_resolver(own)))
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
        Ok(Self { host, port, authority, name, rules, tls })
    }
}

#[async_trait]
impl Channel for HttpsChannel {
    async fn exchange(&self, question: &[u8]) -> Result<Vec<u8>, ChannelError> {
        let connection = dial(&self.rules, &self.host, self.port).await.map_err(failed)?;
        let stream = TlsConnector::from(self.tls.clone()).connect(self.name.clone(), connection.stream).await;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream.map_err(failed)?)).await.map_err(failed)?;
        // Its errors are those of the request.
        let _driver = Driver(tokio::spawn(async move { drop(connection.await) }).abort_handle());
        let request = Request::post(PATH)
            .header(header::HOST, &self.authority)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONNECTION, "close")
            .body(Full::new(Bytes::copy_from_slice(question)))
            .map_err(failed)?;
        let answer = sender.send_request(request).await.map_err(failed)?;
        if answer.status() != StatusCode::OK {
            return Err(ChannelError(format!("it answered {}", answer.status())));
        }
        let body = Limited::new(answer.into_body(), MAX_MESSAGE).collect().await;
        Ok(body.map_err(|error| ChannelError(error.to_string()))?.to_bytes().to_vec())
    }
}

/// Ends the connection together with its question.
struct Driver(AbortHandle);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn failed(error: impl std::error::Error) -> ChannelError {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    ChannelError(format!("{error}{cause}"))
}

const HTTPS_PORT: u16 = 443;
