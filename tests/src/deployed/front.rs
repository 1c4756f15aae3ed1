//! What is between clients and the emulator: a public domain over HTTPS, or a distribution over
//! plain HTTP.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, RwLock},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, client, server, service::service_fn};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{ServerConfig, crypto::aws_lc_rs};
use rustls_pki_types::PrivateKeyDer;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

/// A listener on a free loopback port that forwards requests. It stops on drop.
pub struct Front {
    origin: String,
    upstream: Arc<RwLock<Option<Upstream>>>,
    _task: JoinSet<()>,
}

/// Where requests are forwarded to.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// The address of the server.
    pub address: SocketAddr,
    /// The value of the `Host` header.
    pub host: String,
    /// The text that is put before every path.
    pub prefix: String,
}

/// The TLS identity of a front: a certificate below a root of its own.
pub struct Identity {
    acceptor: TlsAcceptor,
    root: String,
}

impl Identity {
    /// Makes a new identity for this host name.
    pub fn new(host: &str) -> Self {
        let mut root = CertificateParams::new(Vec::new()).unwrap();
        // The name must differ from the leaf's, which would otherwise be self-signed.
        root.distinguished_name.push(DnType::CommonName, "HTTPS of the tests");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec![host.to_owned()]).unwrap().signed_by(&key, &root).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        Self { acceptor: TlsAcceptor::from(Arc::new(config)), root: root.pem() }
    }

    /// The root in PEM.
    pub fn root_pem(&self) -> &str {
        &self.root
    }
}

impl Front {
    /// Listens over HTTPS as `localhost`.
    pub async fn over_tls(identity: &Identity) -> Self {
        Self::start("https://localhost", Some(identity.acceptor.clone())).await
    }

    /// Listens over plain HTTP.
    pub async fn plain() -> Self {
        Self::start("http://127.0.0.1", None).await
    }

    async fn start(origin: &str, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let origin = format!("{origin}:{}", listener.local_addr().unwrap().port());
        let upstream = Arc::default();
        let mut task = JoinSet::new();
        task.spawn(accept(listener, tls, Arc::clone(&upstream)));
        Self { origin, upstream, _task: task }
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Forwards requests to there from now on; before the first call, they are answered with 503.
    pub fn lead_to(&self, upstream: Upstream) {
        *self.upstream.write().unwrap() = Some(upstream);
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, upstream: Arc<RwLock<Option<Upstream>>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, upstream) = (tls.clone(), upstream.clone());
        connections.spawn(async move {
            match tls {
                None => serve(stream, upstream).await,
                // A client that does not accept the certificate disconnects.
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, upstream).await;
                    }
                }
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, upstream: Arc<RwLock<Option<Upstream>>>) {
    let answer = service_fn(move |request| {
        let upstream = upstream.read().unwrap().clone();
        async move {
            let handed_on = match &upstream {
                Some(upstream) => hand_on(upstream, request).await.ok(),
                None => None,
            };
            let unavailable = || {
                let mut response = Response::new(Full::default());
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                response
            };
            Ok::<_, hyper::Error>(handed_on.unwrap_or_else(unavailable))
        }
    });
    // A connection that breaks is not the front's concern.
    let _ = server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
}

/// Forwards one request over a connection of its own, the simplest way that is correct.
async fn hand_on(
    upstream: &Upstream,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
    let (mut head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    head.uri = format!("{}{target}", upstream.prefix).parse()?;
    head.headers.insert(header::HOST, HeaderValue::from_str(&upstream.host)?);
    head.headers.insert(header::CONTENT_LENGTH, body.len().into());
    let stream = TcpStream::connect(upstream.address).await?;
    let (mut sender, connection) = client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let (mut head, body) = sender.send_request(Request::from_parts(head, Full::new(body))).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    // These headers belong to the connection to the server; the client's connection has its own.
    for name in [header::CONNECTION, header::TRANSFER_ENCODING] {
        head.headers.remove(name);
    }
    Ok(Response::from_parts(head, Full::new(body)))
}
