//! The process of a perspective: a listener that answers the questions of one CA.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use acme::{Identifier, IdentifierObject};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use ipnet::IpNet;
use perspective::{Region, Standpoint, answer, check_name};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, pem::PemObject},
    server::NoServerSessionStorage,
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tokio_rustls::TlsAcceptor;
use validation::Rules;

use super::{
    error::PerspectiveError,
    key_file::KeyFile,
    primary::{OnlyPrimary, PATH},
};
use crate::{
    descriptors,
    listener::{self, Transport},
    trusted_proxies::TrustedProxies,
};

/// What a perspective needs to know.
#[derive(Clone, Debug)]
pub struct PerspectiveConfig {
    /// Its name, as the CA knows it.
    pub name: String,
    /// Its region, as the CA knows it.
    pub region: Region,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Its certificate, with the chain, in PEM.
    pub certificate: PathBuf,
    /// The key of the certificate, in PEM.
    pub key: PathBuf,
    /// The root of the CA, in PEM.
    pub root: PathBuf,
    /// The host of the CA's base URL: the name in the certificate with which it asks.
    pub primary: String,
    /// The resolver of its look-ups; the system's when absent.
    pub dns_resolver: Option<SocketAddr>,
    /// The special-purpose networks that it contacts for profiles that allow them, too.
    pub allowed_networks: Vec<IpNet>,
    /// The port that http-01 connects to.
    pub http_port: u16,
    /// The port that tls-alpn-01 connects to.
    pub tls_port: u16,
}

/// A running perspective. Dropping it stops it at once.
pub struct PerspectiveProcess {
    address: SocketAddr,
    public_key: String,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl PerspectiveProcess {
    /// Starts to listen.
    ///
    /// # Errors
    /// [`PerspectiveError`].
    pub async fn start(config: PerspectiveConfig) -> Result<Self, PerspectiveError> {
        check_name(&config.name)?;
        let files = KeyFile::open(config.certificate.clone(), config.key.clone())?;
        let public_key = files.public_key()?;
        let acceptor = TlsAcceptor::from(Arc::new(server_config(&config, files)?));
        let PerspectiveConfig { name, region, listen, dns_resolver, allowed_networks, http_port, tls_port, .. } =
            config;
        let listens = |source| PerspectiveError::Listen { address: listen, source };
        let socket = TcpListener::bind(listen).await.map_err(listens)?;
        let address = socket.local_addr().map_err(listens)?;
        let rules = Rules { resolver: dns_resolver, allowed_networks, http_port, tls_port, ..Rules::default() };
        let standpoint = Arc::new(Standpoint { name, region, rules });
        let answer = move |request| {
            let standpoint = standpoint.clone();
            async move { respond(&standpoint, request).await }
        };
        let (stop, stopped) = watch::channel(false);
        let (places, proxies) = (descriptors::places(), TrustedProxies::default());
        let serving = listener::serve(socket, places, proxies, Transport::Tls(acceptor), stopped, answer);
        Ok(Self { address, public_key, stop, serving: tokio::spawn(serving) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// SHA-256 of its public key, in base64, for the file of the CA.
    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    /// Completes the answers under way, and stops.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        drop((&mut self.serving).await);
    }
}

impl Drop for PerspectiveProcess {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn server_config(config: &PerspectiveConfig, files: KeyFile) -> Result<ServerConfig, PerspectiveError> {
    let of_root = |reason: String| PerspectiveError::File { path: config.root.clone(), reason };
    let mut roots = RootCertStore::empty();
    let read = CertificateDer::pem_file_iter(&config.root).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    for root in read.map_err(|error| of_root(error.to_string()))? {
        roots.add(root).map_err(|error| of_root(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(of_root("it holds no certificate".to_owned()));
    }
    let kind = if config.primary.parse::<IpAddr>().is_ok() { "ip" } else { "dns" };
    let name = IdentifierObject { r#type: kind.to_owned(), value: config.primary.clone() };
    let name = Identifier::try_from(name).map_err(|_| PerspectiveError::Primary(config.primary.clone()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let primary = OnlyPrimary::new(roots, name, provider.clone())?;
    let server = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut server = server.with_client_cert_verifier(Arc::new(primary)).with_cert_resolver(Arc::new(files));
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // A resumed session would show no certificate, whatever became of it.
    server.send_tls13_tickets = 0;
    server.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(server)
}

async fn respond(standpoint: &Standpoint, request: Request<Bytes>) -> Response<Bytes> {
    if request.uri().path() != PATH {
        return status(StatusCode::NOT_FOUND);
    }
    if request.method() != Method::POST {
        return status(StatusCode::METHOD_NOT_ALLOWED);
    }
    let Some(answer) = answer(standpoint, request.body()).await else { return status(StatusCode::BAD_REQUEST) };
    tracing::info!(request = answer.request_id, "a question is answered");
    let Ok(body) = serde_json::to_vec(&answer) else { return status(StatusCode::INTERNAL_SERVER_ERROR) };
    let mut response = Response::new(Bytes::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn status(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}
