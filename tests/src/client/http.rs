//! An HTTP/1.1 client that keeps connections open, over TLS that trusts one root.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Request, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// The open connections, by scheme, host and port.
pub struct Http {
    tls: TlsConnector,
    idle: Mutex<HashMap<String, Vec<Connection>>>,
}

type Connection = SendRequest<Full<Bytes>>;

impl Http {
    /// Trusts only the root in this PEM file.
    pub fn trusting(root: &Path) -> Self {
        Self { tls: TlsConnector::from(Arc::new(tls_config(root))), idle: Mutex::default() }
    }

    /// Sends a GET request.
    pub async fn get(&self, url: &str) -> Reply {
        self.request("GET", url, None, Vec::new()).await
    }

    /// Sends any request. One that takes too long fails the test.
    pub async fn request(&self, method: &str, url: &str, media_type: Option<&str>, body: Vec<u8>) -> Reply {
        let headers: Vec<_> = media_type.map(|value| ("content-type", value)).into_iter().collect();
        self.request_with(method, url, &headers, body).await
    }

    /// Sends any request with these headers besides `Host`.
    pub async fn request_with(&self, method: &str, url: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Reply {
        let uri: Uri = url.parse().unwrap_or_else(|error| panic!("{url}: {error}"));
        let mut request = Request::builder()
            .method(method)
            .uri(uri.path_and_query().unwrap().as_str())
            .header(header::HOST, uri.authority().unwrap().as_str());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(body)).unwrap();
        match timeout(LONGEST, self.exchange(&uri, request)).await {
            Ok(reply) => reply,
            Err(_) => panic!("{method} {url} was not answered within {LONGEST:?}"),
        }
    }

    async fn exchange(&self, uri: &Uri, request: Request<Full<Bytes>>) -> Reply {
        let origin = format!("{}://{}", uri.scheme_str().unwrap(), uri.authority().unwrap());
        let mut connection = self.connection(&origin, uri).await;
        let response = connection.send_request(request).await.unwrap_or_else(|error| panic!("{uri}: {error:?}"));
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap_or_else(|error| panic!("{uri}: {error:?}")).to_bytes();
        self.idle.lock().unwrap().entry(origin).or_default().push(connection);
        Reply { status: head.status.as_u16(), headers: head.headers, body }
    }

    async fn connection(&self, origin: &str, uri: &Uri) -> Connection {
        loop {
            let kept = self.idle.lock().unwrap().get_mut(origin).and_then(Vec::pop);
            match kept {
                // The server may have closed it in the meantime.
                Some(mut kept) => match kept.ready().await {
                    Ok(()) => return kept,
                    Err(_) => continue,
                },
                None => return self.open(uri).await,
            }
        }
    }

    async fn open(&self, uri: &Uri) -> Connection {
        let host = uri.host().unwrap().trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((host, uri.port_u16().unwrap())).await.unwrap();
        stream.set_nodelay(true).unwrap();
        match uri.scheme_str() {
            Some("https") => {
                let name = ServerName::try_from(host.to_owned()).unwrap();
                connected(self.tls.connect(name, stream).await.unwrap()).await
            }
            _ => connected(stream).await,
        }
    }
}

/// A TLS configuration that trusts only the root in this PEM file.
pub fn tls_config(root: &Path) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&fs::read(root).unwrap()).unwrap()).unwrap();
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

async fn connected(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Connection {
    let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// A response, read to its end.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// All headers of the response.
    pub headers: HeaderMap,
    /// The body as it was received.
    pub body: Bytes,
}

impl Reply {
    /// Fails the test unless the response has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// Returns the problem document; fails the test unless the response is this refusal in its
    /// correct form.
    #[track_caller]
    pub fn refused(&self, status: u16, r#type: &str) -> Value {
        let text = self.text();
        assert_eq!(self.status, status, "{text}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{text}");
        let problem = self.json();
        assert_eq!(problem["type"], format!("urn:ietf:params:acme:error:{type}"), "{text}");
        assert_eq!(problem["status"], status, "{text}");
        assert!(
            ["title", "detail"].iter().all(|member| problem[member].as_str().is_some_and(|text| !text.is_empty())),
            "{text}"
        );
        problem
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The value of `Location`.
    #[track_caller]
    pub fn location(&self) -> String {
        self.header("location").expect("a Location").to_owned()
    }

    /// The target of the link with this relation, if there is one.
    pub fn link(&self, relation: &str) -> Option<String> {
        let links = self.headers.get_all("link").iter().flat_map(|value| value.to_str().unwrap().split(','));
        links.filter_map(|link| link.trim().split_once(';')).find_map(|(target, parameters)| {
            let fits = parameters.contains(&format!("rel=\"{relation}\""));
            fits.then(|| target.trim_matches(['<', '>']).to_owned())
        })
    }

    /// The body as JSON. Fails the test if a member is `null`: some clients cannot handle that
    /// (threat 22).
    #[track_caller]
    pub fn json(&self) -> Value {
        let value = serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()));
        assert!(!has_null(&value), "{value}");
        value
    }

    /// The body as text, for messages.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}

const LONGEST: Duration = Duration::from_secs(30);
