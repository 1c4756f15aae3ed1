//! The certificate of a perspective, in files that its ACME client renews.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use rustls::{
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::{error::PerspectiveError, pinned::fingerprint};

/// A chain and its key, read again when one of the files changed.
#[derive(Debug)]
pub(super) struct KeyFile {
    certificate: PathBuf,
    key: PathBuf,
    current: Mutex<(Changes, Arc<CertifiedKey>)>,
}

/// When each of the two files was changed last.
type Changes = [Option<SystemTime>; 2];

impl KeyFile {
    /// Reads both files.
    ///
    /// # Errors
    /// One of them cannot be used, or they do not belong together.
    pub(super) fn open(certificate: PathBuf, key: PathBuf) -> Result<Self, PerspectiveError> {
        let changes = changes(&certificate, &key);
        let current = Mutex::new((changes, read(&certificate, &key)?));
        Ok(Self { certificate, key, current })
    }

    /// SHA-256 of the present public key, in base64.
    ///
    /// # Errors
    /// It is no certificate.
    pub(super) fn public_key(&self) -> Result<String, PerspectiveError> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let leaf =
            current.1.cert.first().ok_or_else(|| rustls::Error::General("there is no certificate".to_owned()))?;
        Ok(fingerprint(leaf)?)
    }
}

impl ResolvesServerCert for KeyFile {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let now = changes(&self.certificate, &self.key);
        if current.0 != now {
            // While a client replaces them, they do not belong together: then the older ones are
            // used, until one of the files changes again.
            match read(&self.certificate, &self.key) {
                Ok(key) => *current = (now, key),
                Err(error) => {
                    tracing::warn!(%error, "the new certificate is not used");
                    current.0 = now;
                }
            }
        }
        Some(current.1.clone())
    }
}

fn changes(certificate: &Path, key: &Path) -> Changes {
    [certificate, key].map(|path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok())
}

fn read(certificate: &Path, key: &Path) -> Result<Arc<CertifiedKey>, PerspectiveError> {
    let of = |path: &Path, reason: String| PerspectiveError::File { path: path.to_owned(), reason };
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| of(certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(of(certificate, "it holds no certificate".to_owned()));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| of(key, error.to_string()))?;
    let signing = rustls::crypto::aws_lc_rs::sign::any_supported_type(&private);
    let certified = CertifiedKey::new(chain, signing.map_err(|error| of(key, error.to_string()))?);
    certified.keys_match().map_err(|error| of(key, format!("it is not the key of the certificate: {error}")))?;
    Ok(Arc::new(certified))
}
