//! Which certificates of perspectives are good: those of this root, and of the key that the
//! operator wrote down.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        Resumption, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

use crate::{StartError, own_certificate::OwnCertificate};

/// The TLS settings for one perspective: it has a certificate of this root for its name, and this
/// public key, if there is one; the host shows its own certificate.
pub(super) fn client_config(
    own: Arc<OwnCertificate>,
    root: &[u8],
    public_key: Option<String>,
) -> Result<Arc<ClientConfig>, StartError> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(root.to_vec()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let of_root = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build();
    let of_root = of_root.map_err(|error| Error::General(error.to_string()))?;
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let verifier = Arc::new(Pinned { of_root, public_key });
    let mut config = config.dangerous().with_custom_certificate_verifier(verifier).with_client_cert_resolver(own);
    config.alpn_protocols = vec![b"h2".to_vec()];
    // A resumed session would show no certificate, whatever became of it.
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// SHA-256 of the public key of a certificate, in base64.
///
/// # Errors
/// It is no certificate.
pub(super) fn fingerprint(certificate: &CertificateDer<'_>) -> Result<String, Error> {
    let key = ParsedCertificate::try_from(certificate)?.subject_public_key_info();
    Ok(STANDARD.encode(digest(&SHA256, &key)))
}

#[derive(Debug)]
struct Pinned {
    of_root: Arc<WebPkiServerVerifier>,
    public_key: Option<String>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.of_root.verify_server_cert(end_entity, intermediates, name, ocsp_response, now)?;
        match &self.public_key {
            Some(expected) if *expected != fingerprint(end_entity)? => {
                Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
            }
            _ => Ok(verified),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.of_root.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.of_root.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.of_root.supported_verify_schemes()
    }
}
