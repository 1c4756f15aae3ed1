//! A relying party that trusts one root and follows the URLs inside the certificate.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use rustls::{
    CertificateError, RootCertStore,
    client::{VerifierBuilderError, WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, CertificateRevocationListDer, InvalidDnsNameError, ServerName, UnixTime, pem},
};
use tokio::{net::TcpStream, task::JoinSet};
use x509_cert::{
    Certificate,
    der::Decode,
    ext::pkix::{
        CrlDistributionPoints,
        name::{DistributionPointName, GeneralName},
    },
};

/// A relying party that trusts only this root.
pub(super) struct RelyingParty {
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl RelyingParty {
    pub(super) fn trusting(root: CertificateDer<'static>) -> Result<Self, RelyingPartyError> {
        let mut roots = RootCertStore::empty();
        roots.add(root)?;
        Ok(Self { roots: Arc::new(roots), provider: Arc::new(aws_lc_rs::default_provider()) })
    }

    /// Verifies the chain as a TLS client does, for this name and the current time; with a CRL it
    /// also checks whether the first certificate is revoked.
    pub(super) fn verify(
        &self,
        chain: &[CertificateDer<'_>],
        name: &'static str,
        crl: Option<Bytes>,
    ) -> Result<(), RelyingPartyError> {
        let mut verifier = WebPkiServerVerifier::builder_with_provider(self.roots.clone(), self.provider.clone());
        if let Some(crl) = crl {
            let crl = CertificateRevocationListDer::from(crl.to_vec());
            verifier = verifier.with_crls([crl]).only_check_end_entity_revocation();
        }
        let (leaf, issuers) = chain.split_first().ok_or(RelyingPartyError::NoCertificate)?;
        let verdict =
            verifier.build()?.verify_server_cert(leaf, issuers, &ServerName::try_from(name)?, &[], UnixTime::now());
        match verdict {
            Ok(_) => Ok(()),
            Err(rustls::Error::InvalidCertificate(CertificateError::Revoked)) => Err(RelyingPartyError::Revoked),
            Err(error) => Err(error.into()),
        }
    }
}

/// The serial number and the expiry of the first certificate.
pub(super) fn describe(chain: &[CertificateDer<'_>]) -> Result<String, RelyingPartyError> {
    let certificate = leaf(chain)?;
    let certificate = certificate.tbs_certificate();
    let ends_at = certificate.validity().not_after.to_date_time();
    Ok(format!("serial {}, valid until {ends_at}", certificate.serial_number()))
}

/// The URL of the CRL in the certificate.
pub(super) fn crl_url(chain: &[CertificateDer<'_>]) -> Result<String, RelyingPartyError> {
    let certificate = leaf(chain)?;
    let (_, points) =
        certificate.tbs_certificate().get_extension::<CrlDistributionPoints>()?.ok_or(RelyingPartyError::NoCrlUrl)?;
    let names = points.0.into_iter().filter_map(|point| match point.distribution_point {
        Some(DistributionPointName::FullName(names)) => Some(names),
        _ => None,
    });
    let url = names.flatten().find_map(|name| match name {
        GeneralName::UniformResourceIdentifier(url) => Some(url.to_string()),
        _ => None,
    });
    url.ok_or(RelyingPartyError::NoCrlUrl)
}

/// Fetches a file over plain HTTP.
pub(super) async fn fetch(url: &str) -> Result<Bytes, RelyingPartyError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| RelyingPartyError::Fetch(url.to_owned(), error);
    let uri: Uri = url.parse().map_err(|error| failed(Box::new(error)))?;
    let address = (uri.host().unwrap_or_default(), uri.port_u16().unwrap_or(80));
    let stream = TcpStream::connect(address).await.map_err(|error| failed(error.into()))?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| failed(error.into()))?;
    // The connection ends with the set.
    let mut connections = JoinSet::new();
    connections.spawn(connection);
    let request = Request::get(uri.path()).header(header::HOST, address.0).body(Empty::<Bytes>::new());
    let request = request.map_err(|error| failed(error.into()))?;
    let response = sender.send_request(request).await.map_err(|error| failed(error.into()))?;
    if response.status() != StatusCode::OK {
        return Err(failed(format!("the answer is {}", response.status()).into()));
    }
    let body = response.into_body().collect().await.map_err(|error| failed(error.into()))?;
    Ok(body.to_bytes())
}

fn leaf(chain: &[CertificateDer<'_>]) -> Result<Certificate, RelyingPartyError> {
    Ok(Certificate::from_der(chain.first().ok_or(RelyingPartyError::NoCertificate)?)?)
}

/// Why the certificate is not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RelyingPartyError {
    /// The chain is not valid PEM.
    #[error("the chain cannot be read: {0}")]
    Pem(#[source] pem::Error),
    /// The chain is empty.
    #[error("the chain is empty")]
    NoCertificate,
    /// The certificate cannot be decoded.
    #[error("the certificate cannot be read: {0}")]
    Der(#[from] x509_cert::der::Error),
    /// The name is not a valid server name.
    #[error("the name cannot be verified: {0}")]
    Name(#[from] InvalidDnsNameError),
    /// The chain does not end at the root, or is not valid for the name or the time.
    #[error("the certificate does not verify: {0}")]
    Certificate(#[from] rustls::Error),
    /// The CRL cannot be used.
    #[error("the CRL cannot be used: {0}")]
    Crl(#[from] VerifierBuilderError),
    /// The certificate does not say where its CRL is.
    #[error("the certificate names no CRL")]
    NoCrlUrl,
    /// The CRL cannot be downloaded from the URL in the certificate.
    #[error("{0} cannot be fetched: {1}")]
    Fetch(String, #[source] Box<dyn std::error::Error + Send + Sync>),
    /// The CRL lists the certificate.
    #[error("the certificate is revoked")]
    Revoked,
}
