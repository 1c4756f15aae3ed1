//! The transport of requests: TLS, HTTP/1.1 with connections kept open, HTTP/2.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::Empty;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, aws_lc_rs, aws_lc_rs::cipher_suite},
    version::TLS12,
};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use tests::{
    Environment,
    client::{Reply, tls_config},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::HOST;

#[tokio::test]
async fn a_connection_of_http_1_1_is_kept_open() {
    let environment = HOST.start().await;
    let url = environment.directory("default").url();
    let stream = connect(&environment, "localhost", b"http/1.1").await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let path = url.parse::<Uri>().unwrap().path().to_owned();
    for _ in 0..10 {
        sender.ready().await.unwrap();
        let request = Request::get(&path).header("host", "localhost").body(Empty::<Bytes>::new()).unwrap();
        assert_eq!(sender.send_request(request).await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn http_2_is_used_with_clients_that_offer_it() {
    let environment = HOST.start().await;
    let url = environment.directory("default").url();
    let stream = connect(&environment, "localhost", b"h2").await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    for _ in 0..10 {
        let request = Request::get(&url).body(Empty::<Bytes>::new()).unwrap();
        assert_eq!(sender.send_request(request).await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn the_host_has_a_certificate_of_its_own_for_each_of_its_names() {
    let environment = HOST.start().await;
    for name in ["localhost", "127.0.0.1", "::1"] {
        connect(&environment, name, b"http/1.1").await;
    }
}

#[tokio::test]
async fn s3_an_answer_to_head_says_how_long_the_answer_to_get_is() {
    let environment = HOST.start().await;
    let ca = environment.directory("default");
    let http = environment.http();
    let client = ca.stranger().await;
    let length = |reply: &Reply| reply.header("content-length").map(str::to_owned);
    let nonce = http.request("HEAD", client.url("newNonce"), None, Vec::new()).await.expect(200);
    assert_eq!(length(&nonce).as_deref(), Some("0"));
    for url in [ca.url(), client.below("/nothing"), environment.base_url().replace("/api", "/dir")] {
        let (get, head) = (http.get(&url).await, http.request("HEAD", &url, None, Vec::new()).await);
        assert_eq!((head.status, length(&head)), (get.status, Some(get.body.len().to_string())), "{url}");
    }
}

#[tokio::test]
async fn a_request_without_a_host_or_with_two_is_answered_400() {
    let environment = HOST.start().await;
    let path = environment.directory("default").url().parse::<Uri>().unwrap().path().to_owned();
    for (hosts, status) in [
        (&["localhost"][..], "200"),
        (&[], "400"),
        (&["localhost", "localhost"], "400"),
        (&["localhost", "other.example"], "400"),
        (&["local host"], "400"),
    ] {
        let mut stream = connect(&environment, "localhost", b"http/1.1").await;
        let hosts: String = hosts.iter().map(|host| format!("Host: {host}\r\n")).collect();
        let request = format!("GET {path} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}\n{answer}");
    }
}

#[tokio::test]
async fn a_client_that_knows_rsa_signatures_alone_cannot_connect() {
    let environment = HOST.start().await;
    let port = environment.base_url().parse::<Uri>().unwrap().port_u16().unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    for (suite, connects) in [
        (cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, false),
        (cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, true),
    ] {
        let provider = CryptoProvider { cipher_suites: vec![suite], ..aws_lc_rs::default_provider() };
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(environment.https_root()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[&TLS12])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let connected = TlsConnector::from(Arc::new(config)).connect(name.clone(), stream).await;
        assert_eq!(connected.is_ok(), connects, "{suite:?}");
    }
}

/// Opens a TLS connection to the CA, which must present a certificate for `name`.
async fn connect(environment: &Environment, name: &str, protocol: &[u8]) -> TlsStream<TcpStream> {
    let mut config = tls_config(&environment.https_root());
    config.alpn_protocols = vec![protocol.to_vec()];
    let port = environment.base_url().parse::<Uri>().unwrap().port_u16().unwrap();
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}
