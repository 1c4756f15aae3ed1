//! Who may ask a perspective: the CA, and no other client that has a certificate of its root.

use std::sync::Arc;

use acme::Identifier;
use ca::Certificate;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, UnixTime},
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};

/// The path of questions; the version of their form is part of it.
pub(super) const PATH: &str = "/perspective/v1";

/// Accepts certificates for client authentication of one root in one name.
#[derive(Debug)]
pub(super) struct OnlyPrimary {
    of_root: Arc<dyn ClientCertVerifier>,
    name: Identifier,
}

impl OnlyPrimary {
    /// Accepts this name only.
    pub(super) fn new(roots: RootCertStore, name: Identifier, provider: Arc<CryptoProvider>) -> Result<Self, Error> {
        let of_root = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
        Ok(Self { of_root: of_root.map_err(|error| Error::General(error.to_string()))?, name })
    }
}

impl ClientCertVerifier for OnlyPrimary {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.of_root.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.of_root.verify_client_cert(end_entity, intermediates, now)?;
        // The very name: a wildcard that matches it is not the CA's.
        let refused = Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure);
        let certificate = Certificate::from_der(end_entity).map_err(|_| refused.clone())?;
        if certificate.identifiers().contains(&self.name) { Ok(verified) } else { Err(refused) }
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
