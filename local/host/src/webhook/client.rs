//! One delivery: a POST on a connection of its own, under the address rule of validation.

use std::{convert::Infallible, fs, future::pending, net::IpAddr, path::Path, sync::Arc, time::Duration};

use http::{Request, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time,
};
use tokio_rustls::TlsConnector;
use validation::{DialError, Rules, dial};

use super::secret::Secret;
use crate::config::WebhookUrl;

/// Posts to one URL.
pub(crate) struct Client {
    url: WebhookUrl,
    secret: Secret,
    rules: Rules,
    tls: Option<TlsConnector>,
}

impl Client {
    /// A client for the URL that may connect to the networks. Over TLS it trusts the roots of the
    /// system and the certificates in the file.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub(crate) fn new(
        url: WebhookUrl,
        secret: Secret,
        networks: Vec<IpNet>,
        ca_file: Option<&Path>,
    ) -> Result<Self, CaFileError> {
        let tls = if url.is_plain() { None } else { Some(TlsConnector::from(Arc::new(tls(ca_file)?))) };
        let rules = Rules { allowed_networks: networks, ..Rules::default() };
        Ok(Self { url, secret, rules, tls })
    }

    /// The origin of the receiver, without secrets of its URL.
    pub(crate) fn origin(&self) -> String {
        self.url.origin()
    }

    /// Delivers a document. Only an answer of 2xx counts as a delivery; redirects are not followed.
    ///
    /// # Errors
    /// [`Undelivered`].
    pub(crate) async fn post(&self, id: &str, second: i64, document: &[u8]) -> Result<(), Undelivered> {
        match time::timeout(PATIENCE, self.exchange(id, second, document)).await {
            Ok(Ok(status)) if status.is_success() => Ok(()),
            Ok(Ok(status)) => Err(Undelivered::Status(status)),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(Undelivered::Slow),
        }
    }

    async fn exchange(&self, id: &str, second: i64, document: &[u8]) -> Result<StatusCode, Undelivered> {
        let request = Request::post(self.url.path())
            .header(header::HOST, self.url.authority())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, concat!("serverless-acme/", env!("CARGO_PKG_VERSION")))
            .header(header::CONNECTION, "close")
            .header("webhook-id", id)
            .header("webhook-timestamp", second)
            .header("webhook-signature", self.secret.sign(id, second, document))
            .body(Full::new(Bytes::copy_from_slice(document)))
            .map_err(|error| Undelivered::Broken(error.to_string()))?;
        let connection = dial(&self.rules, self.url.host(), self.url.port()).await?;
        let address = connection.address.ip();
        let Some(tls) = &self.tls else {
            // `localhost` is resolved like any other name.
            return if address.is_loopback() {
                send(connection.stream, request).await
            } else {
                Err(Undelivered::Plain(address))
            };
        };
        let host = self.url.host().trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(host).map_err(|error| Undelivered::Broken(error.to_string()))?;
        let stream = tls.connect(name, connection.stream).await.map_err(|error| Undelivered::Tls(error.to_string()))?;
        send(stream, request).await
    }
}

async fn send<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    request: Request<Full<Bytes>>,
) -> Result<StatusCode, Undelivered> {
    let broken = |error: hyper::Error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Undelivered::Broken(format!("{error}{cause}"))
    };
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // The result of the connection task is not needed, because errors are reported through the
    // request.
    let driver = async {
        drop(connection.await);
        pending::<Infallible>().await
    };
    tokio::select! {
        // The body of the answer is not read.
        answer = sender.send_request(request) => answer.map(|answer| answer.status()).map_err(broken),
        never = driver => match never {},
    }
}

fn tls(ca_file: Option<&Path>) -> Result<ClientConfig, CaFileError> {
    let mut roots = RootCertStore::empty();
    // The file is sufficient if the system has no roots or some of them cannot be read.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let pem = fs::read(path).map_err(|error| CaFileError(error.to_string()))?;
        let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&pem)
            .collect::<Result<_, _>>()
            .map_err(|_| CaFileError("it is no PEM".to_owned()))?;
        if certificates.is_empty() {
            return Err(CaFileError("it holds no certificate".to_owned()));
        }
        for certificate in certificates {
            roots.add(certificate).map_err(|error| CaFileError(error.to_string()))?;
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| CaFileError(error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// Why a document was not delivered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undelivered {
    /// The HTTP exchange failed.
    #[error("the exchange failed: {0}")]
    Broken(String),
    /// The connection failed.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// Plain HTTP would be sent to another machine.
    #[error("plain HTTP is only allowed to loopback addresses, and {0} is not one")]
    Plain(IpAddr),
    /// The exchange took too long.
    #[error("no answer within {} seconds", PATIENCE.as_secs())]
    Slow,
    /// The receiver answered with another status than 2xx.
    #[error("the receiver answered {0}; only 2xx counts as delivered, and redirects are not followed")]
    Status(StatusCode),
    /// The TLS handshake failed.
    #[error("TLS: {0}")]
    Tls(String),
}

/// Why the file of roots cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct CaFileError(String);

const PATIENCE: Duration = Duration::from_secs(15);
