//! acme-tiny: 200 lines of Python over `openssl`, http-01 only, RSA account keys only.
//!
//! It creates an account and obtains a certificate for a CSR, nothing else; a renewal repeats the
//! same steps. Python's TLS reads `SSL_CERT_FILE`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Failure, Target, Tool, run::Run};

/// acme-tiny with its key.
#[derive(Debug)]
pub struct AcmeTiny {
    target: Target,
    tool: Tool,
    folder: PathBuf,
}

impl AcmeTiny {
    /// The program that must be installed.
    pub const PROGRAM: &str = "acme-tiny";

    /// Makes an account key in `folder`.
    ///
    /// # Errors
    ///
    /// `openssl` fails.
    pub async fn new(target: &Target, tool: Tool, folder: &Path) -> Result<Self, Failure> {
        Run::new("openssl", folder).args(["genrsa", "-out", "account.key", "4096"]).finish().await?;
        Ok(Self { target: target.clone(), tool, folder: folder.to_path_buf() })
    }

    /// Obtains a certificate for a CSR with an RSA key; the first of `names` is the CN. Returns the
    /// chain.
    ///
    /// # Errors
    ///
    /// acme-tiny fails.
    pub async fn obtain(&self, webroot: &Path, names: &[&str]) -> Result<PathBuf, Failure> {
        let first = names.first().copied().unwrap_or_default();
        let alternatives = names.iter().map(|name| format!("DNS:{name}")).collect::<Vec<_>>().join(",");
        Run::new("openssl", &self.folder)
            .args(["req", "-new", "-newkey", "rsa:2048", "-nodes"])
            .args(["-keyout", "domain.key", "-out", "domain.csr", "-subj", &format!("/CN={first}")])
            .args(["-addext", &format!("subjectAltName={alternatives}")])
            .finish()
            .await?;
        let done = Run::new(&self.tool.path, &self.folder)
            .env("SSL_CERT_FILE", &self.target.root)
            .args(["--account-key", "account.key", "--csr", "domain.csr", "--contact", "mailto:admin@example.org"])
            // Its own check of the challenge would query the resolver of this machine.
            .args(["--disable-check", "--directory-url", &self.target.directory, "--acme-dir"])
            .arg(webroot)
            .finish()
            .await?;
        let chain = self.folder.join("chain.pem");
        fs::write(&chain, done.stdout).map_err(Failure::io(chain.display()))?;
        Ok(chain)
    }
}
