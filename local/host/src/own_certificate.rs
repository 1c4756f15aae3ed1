//! A certificate of the host's own: issued by the CA itself, renewed while it runs.

use std::sync::{Arc, PoisonError, RwLock};

use acme::{CertificateId, Identifier};
use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use issuing::{HostCertificate, HostCertificates};
use jiff::Timestamp;
use jose::PublicKey;
use rustls::{
    ServerConfig, SignatureScheme,
    client::ResolvesClientCert,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use store::RaProfile;

use crate::StartError;

/// The present certificate of the HTTPS listener, or that by which perspectives know the host.
#[derive(Debug)]
pub(crate) struct OwnCertificate {
    identifiers: Vec<Identifier>,
    profile: RaProfile,
    current: RwLock<Current>,
}

/// A certificate with its key, and from when to when it need not be renewed.
#[derive(Clone, Debug)]
struct Current {
    key: Arc<CertifiedKey>,
    id: Option<CertificateId>,
    begins: Timestamp,
    due_at: Timestamp,
}

impl OwnCertificate {
    /// Issues the first certificate, for these identifiers.
    pub(crate) async fn start(
        certificates: &HostCertificates,
        identifiers: Vec<Identifier>,
        profile: RaProfile,
    ) -> Result<Arc<Self>, StartError> {
        let current = issue(certificates, &identifiers, &profile).await?;
        Ok(Arc::new(Self { identifiers, profile, current: RwLock::new(current) }))
    }

    /// Renews the certificate if it is due: in the last third of its lifetime, when it has not
    /// begun, because it was issued while the clock was ahead, and when its issuer was revoked.
    pub(crate) async fn renew_if_due(&self, certificates: &HostCertificates, now: Timestamp) -> Result<(), StartError> {
        let Current { id, begins, due_at, .. } = self.current();
        let is_refused = match &id {
            Some(id) => certificates.is_refused(id).await.map_err(operator::Error::from)?,
            None => false,
        };
        if (begins..due_at).contains(&now) && !is_refused {
            return Ok(());
        }
        let next = issue(certificates, &self.identifiers, &self.profile).await?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = next;
        tracing::info!("the host's own certificate is renewed");
        Ok(())
    }

    fn current(&self) -> Current {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The TLS settings of the listener.
    pub(crate) fn server_config(self: &Arc<Self>) -> Result<ServerConfig, StartError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

impl ResolvesServerCert for OwnCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current().key)
    }
}

impl ResolvesClientCert for OwnCertificate {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.current().key)
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// A certificate for a new key, which is never stored.
async fn issue(
    issuance: &HostCertificates,
    identifiers: &[Identifier],
    profile: &RaProfile,
) -> Result<Current, StartError> {
    let unusable = |_| StartError::Tls(rustls::Error::General("the listener's key cannot be used".to_owned()));
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(unusable)?;
    let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(unusable)?;
    let public_key = PublicKey::from_spki_der(spki.as_ref())
        .map_err(|_| StartError::Tls(rustls::Error::General("the listener's key breaks the key rules".to_owned())))?;
    let chain = issuance
        .issue(HostCertificate { identifiers, public_key: &public_key, profile })
        .await
        .map_err(operator::Error::from)?;
    let pkcs8 = pair.to_pkcs8v1().map_err(unusable)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(pkcs8.as_ref().to_vec()));
    let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key)?;
    let certificates = chain.certificates();
    let validity = certificates.first().map(|leaf| (leaf.not_before(), leaf.not_after()));
    let (begins, ends) = validity.unwrap_or((Timestamp::MIN, Timestamp::MAX));
    let id = certificates.first().map(|leaf| leaf.certificate_id().clone());
    let due_at = ends - ends.duration_since(begins) / 3;
    let certificates =
        certificates.iter().map(|certificate| CertificateDer::from(certificate.der().to_vec())).collect();
    Ok(Current { key: Arc::new(CertifiedKey::new(certificates, key)), id, begins, due_at })
}
