//! Plain requests: each on a connection of its own, which trusts the server's root.

use std::{fs, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Empty, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpSocket, TcpStream},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::process::Server;

/// An answer with its complete body.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// A GET over HTTPS, whose answer is read completely.
pub(crate) async fn get(server: &Server, url: &str) -> Reply {
    request(server, "GET", url, String::new()).await
}

/// A request over HTTPS, always to the server itself, whatever the host of the URL.
pub(crate) async fn request(server: &Server, method: &str, url: &str, body: String) -> Reply {
    let uri: http::Uri = url.parse().unwrap();
    let stream = connect(server, uri.host().unwrap()).await;
    exchange(stream, method, &uri, body).await
}

/// A GET over plain HTTP from the status listener.
pub(crate) async fn get_status(server: &Server, path: &str) -> Reply {
    request_status(server, "GET", path).await
}

/// A request over plain HTTP to the status listener.
pub(crate) async fn request_status(server: &Server, method: &str, path: &str) -> Reply {
    let stream = TcpStream::connect(server.status_listen()).await.unwrap();
    exchange(stream, method, &path.parse().unwrap(), String::new()).await
}

/// A connection that stays open, from one of the addresses of this machine.
pub(crate) struct Connection(SendRequest<Empty<Bytes>>);

impl Connection {
    pub(crate) async fn from(address: [u8; 4], server: &Server) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((address, 0).into()).unwrap();
        let stream = tls(server, socket.connect(server.listen()).await.unwrap(), "localhost").await;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    /// Asks with these headers; `None` if the server has closed the connection.
    pub(crate) async fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> Option<Reply> {
        let request = Request::get(path).header("host", "localhost");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.0.ready().await.ok()?;
        let (head, body) = self.0.send_request(request.body(Empty::new()).unwrap()).await.ok()?.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        Some(Reply { status: head.status.as_u16(), headers: head.headers, body })
    }
}

/// A connection to the server, which must have a certificate for `name`.
pub(crate) async fn connect(server: &Server, name: &str) -> TlsStream<TcpStream> {
    tls(server, TcpStream::connect(server.listen()).await.unwrap(), name).await
}

async fn tls(server: &Server, stream: TcpStream, name: &str) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    let root = fs::read(server.data().join("root.pem")).unwrap();
    roots.add(CertificateDer::from_pem_slice(&root).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    method: &str,
    uri: &http::Uri,
    body: String,
) -> Reply {
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(uri.path_and_query().unwrap().as_str())
        .header("host", "localhost")
        .header("content-type", "application/jose+json")
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    Reply { status: head.status.as_u16(), headers: head.headers, body: body.collect().await.unwrap().to_bytes() }
}
