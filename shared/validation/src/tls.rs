//! TLS for validation: versions 1.2 and 1.3, no trust in any chain, no resumption.

use std::sync::Arc;

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, PeerMisbehaved, SignatureScheme,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls13_signature_with_raw_key},
    pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime},
    version::{TLS12, TLS13},
};
use x509_cert::der::{Decode, Encode, asn1::AnyRef};

/// For `https` redirects of http-01: accepts any certificate, valid or not.
pub(crate) fn unverified() -> Result<ClientConfig, Error> {
    config(Handshake::Unchecked, HTTP_1_1)
}

/// For tls-alpn-01: the server must have the key of the certificate that it presents. The contents
/// of the certificate are checked after the handshake.
pub(crate) fn leaf_key() -> Result<ClientConfig, Error> {
    config(Handshake::ByLeafKey, ACME_TLS_1)
}

fn config(handshake: Handshake, protocol: &[u8]) -> Result<ClientConfig, Error> {
    let provider = aws_lc_rs::default_provider();
    let verifier = Verifier { algorithms: provider.signature_verification_algorithms, handshake };
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// Accepts any certificate. Where it verifies the signature of the handshake, it uses the bare key:
/// the usual verifiers parse the certificate first and reject acmeIdentifier, an extension that
/// they do not know and that must be critical.
#[derive(Debug)]
struct Verifier {
    algorithms: WebPkiSupportedAlgorithms,
    handshake: Handshake,
}

/// Whether the server must have the key of the certificate that it presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Handshake {
    Unchecked,
    ByLeafKey,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    /// TLS 1.2 states only hash and algorithm (RFC 5246 §7.4.1.4.1), so the key determines the
    /// curve.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.handshake == Handshake::Unchecked {
            return Ok(HandshakeSignatureValid::assertion());
        }
        let certificate = parse(cert)?;
        let spki = certificate.tbs_certificate().subject_public_key_info();
        let key = spki.subject_public_key.as_bytes().ok_or(CertificateError::BadEncoding)?;
        let algorithm = spki.algorithm.to_der().map_err(|_| CertificateError::BadEncoding)?;
        let algorithm = AnyRef::from_der(&algorithm).map_err(|_| CertificateError::BadEncoding)?;
        self.algorithms
            .mapping
            .iter()
            .filter(|(scheme, _)| *scheme == dss.scheme)
            .flat_map(|(_, candidates)| candidates.iter())
            .find(|candidate| candidate.public_key_alg_id().as_ref() == algorithm.value())
            .ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?
            .verify_signature(key, message, dss.signature())
            .map_err(|_| CertificateError::BadSignature)?;
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.handshake == Handshake::Unchecked {
            return Ok(HandshakeSignatureValid::assertion());
        }
        let spki = parse(cert)?.tbs_certificate().subject_public_key_info().to_der();
        let spki = SubjectPublicKeyInfoDer::from(spki.map_err(|_| CertificateError::BadEncoding)?);
        verify_tls13_signature_with_raw_key(message, &spki, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn parse(cert: &CertificateDer<'_>) -> Result<x509_cert::Certificate, Error> {
    x509_cert::Certificate::from_der(cert).map_err(|_| CertificateError::BadEncoding.into())
}

const HTTP_1_1: &[u8] = b"http/1.1";
/// The protocol id for ALPN (RFC 8737 §6.2).
pub(crate) const ACME_TLS_1: &[u8] = b"acme-tls/1";
