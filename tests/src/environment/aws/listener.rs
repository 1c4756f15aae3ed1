//! A listener on a free port of the loopback address, with TLS or without.

use std::{convert::Infallible, fs, net::Ipv4Addr, path::Path, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

/// A running listener; it stops, with its connections, on drop.
pub(super) struct Listener {
    _tasks: JoinSet<()>,
}

/// A port that is bound but not served yet.
pub(super) struct Port(TcpListener);

impl Port {
    /// Binds a free port.
    pub(super) async fn free() -> Self {
        Self(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap())
    }

    pub(super) fn number(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    /// Answers requests; over TLS if there is an acceptor.
    pub(super) fn serve<F, Fut>(self, tls: Option<TlsAcceptor>, answer: F) -> Listener
    where
        F: Fn(Request<Bytes>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Response<Bytes>> + Send + 'static,
    {
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = self.0.accept().await {
                while connections.try_join_next().is_some() {}
                connections.spawn(connection(stream, tls.clone(), answer.clone()));
            }
        });
        Listener { _tasks: tasks }
    }
}

async fn connection<F, Fut>(stream: TcpStream, tls: Option<TlsAcceptor>, answer: F)
where
    F: Fn(Request<Bytes>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Response<Bytes>> + Send + 'static,
{
    stream.set_nodelay(true).unwrap();
    match tls {
        None => requests(stream, answer).await,
        Some(tls) => {
            // A client may end the handshake.
            if let Ok(stream) = tls.accept(stream).await {
                requests(stream, answer).await;
            }
        }
    }
}

async fn requests<S, F, Fut>(stream: S, answer: F)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Fn(Request<Bytes>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Response<Bytes>> + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answer.clone();
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
            Ok::<_, Infallible>(answer(Request::from_parts(parts, body)).await.map(Full::new))
        }
    });
    // A connection that ends early is not the server's concern.
    drop(auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await);
}

/// TLS for `localhost` with a CA of its own, whose root is written to a PEM file: the gateway's
/// certificate is from another CA on AWS, too.
pub(super) fn tls(root: &Path) -> TlsAcceptor {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    fs::write(root, params.self_signed(&key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}
