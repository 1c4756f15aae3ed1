//! The TLS responder of tls-alpn-01 (RFC 8737), with correct certificates and with every fault.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex},
};

use acme::KeyAuthorization;
use rcgen::{
    CertificateParams, CustomExtension, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519,
    PKCS_RSA_SHA256,
};
use rustls::{
    ServerConfig, SupportedProtocolVersion,
    crypto::aws_lc_rs::{self, sign::any_supported_type},
    pki_types::PrivateKeyDer,
    server::Acceptor,
    sign::{CertifiedKey, SingleCertAndKey},
    version::{TLS12, TLS13},
};
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;

use super::Site;

/// The certificates of the TLS responder, by name. Clones share them.
#[derive(Clone, Default)]
pub struct Responder(Arc<Mutex<HashMap<String, AlpnAnswer>>>);

/// A handshake and its certificate. [`AlpnAnswer::new`] makes a correct one; tests change members
/// to make it faulty.
#[derive(Clone, Debug)]
pub struct AlpnAnswer {
    /// The subject alternative names; addresses become iPAddress names.
    pub names: Vec<String>,
    /// The object identifier of the acmeIdentifier extension; `None` leaves the extension out.
    pub oid: Option<Vec<u64>>,
    /// Whether the extension is critical.
    pub critical: bool,
    /// The value of the extension, in DER.
    pub value: Vec<u8>,
    /// The type of the certificate's key.
    pub key: AlpnKey,
    /// Whether the handshake is signed with a key other than the certificate's.
    pub foreign_signature: bool,
    /// The ALPN protocol to select; `None` selects none.
    pub protocol: Option<Vec<u8>>,
    /// The TLS versions to offer.
    pub versions: Vec<&'static SupportedProtocolVersion>,
}

/// The types of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlpnKey {
    /// ECDSA on P-256.
    P256,
    /// ECDSA on P-384.
    P384,
    /// RSA with 2048 bits.
    Rsa,
    /// Ed25519.
    Ed25519,
}

impl AlpnAnswer {
    /// The certificate that RFC 8737 §3 describes.
    pub fn new(name: &str, key_authorization: &KeyAuthorization) -> Self {
        Self {
            names: vec![name.to_owned()],
            oid: Some(vec![1, 3, 6, 1, 5, 5, 7, 1, 31]),
            critical: true,
            value: [&[0x04, 32][..], &key_authorization.digest()].concat(),
            key: AlpnKey::P256,
            foreign_signature: false,
            protocol: Some(ACME_TLS_1.to_vec()),
            versions: vec![&TLS12, &TLS13],
        }
    }

    fn config(&self) -> ServerConfig {
        let mut params = CertificateParams::new(self.names.clone()).unwrap();
        if let Some(oid) = &self.oid {
            let mut extension = CustomExtension::from_oid_content(oid, self.value.clone());
            extension.set_criticality(self.critical);
            params.custom_extensions.push(extension);
        }
        let key = self.key.generate();
        let certificate = params.self_signed(&key).unwrap();
        let signer = if self.foreign_signature { self.key.generate() } else { key };
        let signer = any_supported_type(&PrivateKeyDer::Pkcs8(signer.serialize_der().into())).unwrap();
        let certified = CertifiedKey::new(vec![certificate.der().clone()], signer);
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&self.versions)
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        config.alpn_protocols = self.protocol.clone().into_iter().collect();
        config
    }
}

impl AlpnKey {
    fn generate(self) -> KeyPair {
        let algorithm = match self {
            Self::P256 => &PKCS_ECDSA_P256_SHA256,
            Self::P384 => &PKCS_ECDSA_P384_SHA384,
            Self::Rsa => &PKCS_RSA_SHA256,
            Self::Ed25519 => &PKCS_ED25519,
        };
        KeyPair::generate_for(algorithm).unwrap()
    }
}

impl Responder {
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap() = Default::default();
    }

    /// Sets the answer for `name`, which may be an address.
    pub fn set(&self, name: &str, answer: AlpnAnswer) {
        self.0.lock().unwrap().insert(sni(name), answer);
    }

    /// Removes the answer for `name`.
    pub fn remove(&self, name: &str) {
        self.0.lock().unwrap().remove(&sni(name));
    }

    /// Answers one handshake. A client that does not offer `acme-tls/1` gets the web site with an
    /// untrusted certificate; for an unknown name the connection is closed.
    pub(super) async fn answer(self, stream: TcpStream, site: Site) {
        let Ok(start) = LazyConfigAcceptor::new(Acceptor::default(), stream).await else { return };
        let hello = start.client_hello();
        let name = hello.server_name().unwrap_or_default().to_owned();
        let is_challenge = hello.alpn().is_some_and(|mut offered| offered.any(|protocol| protocol == ACME_TLS_1));
        if !is_challenge {
            if let Ok(stream) = start.into_stream(Arc::new(untrusted())).await {
                site.answer(stream, true).await;
            }
            return;
        }
        let Some(answer) = self.0.lock().unwrap().get(&name).cloned() else { return };
        // The client may refuse the certificate, which is what some tests are about.
        let _ = start.into_stream(Arc::new(answer.config())).await;
    }
}

fn untrusted() -> ServerConfig {
    let answer = AlpnAnswer {
        names: vec!["untrusted.invalid".to_owned()],
        oid: None,
        critical: false,
        value: Vec::new(),
        key: AlpnKey::P256,
        foreign_signature: false,
        protocol: Some(b"http/1.1".to_vec()),
        versions: vec![&TLS12, &TLS13],
    };
    answer.config()
}

/// The name that a validator sends in SNI; for an address it is the reverse-DNS name (RFC 8738 §6).
fn sni(name: &str) -> String {
    match name.parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        Ok(IpAddr::V6(v6)) => {
            let nibbles = format!("{:032x}", v6.to_bits());
            nibbles.chars().rev().flat_map(|nibble| [nibble, '.']).chain("ip6.arpa".chars()).collect()
        }
        Err(_) => name.to_ascii_lowercase(),
    }
}

const ACME_TLS_1: &[u8] = b"acme-tls/1";
