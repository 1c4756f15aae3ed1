//! One client, with a CA of its own.

use std::{fs, path::Path};

use tempfile::TempDir;

use super::{Acmetool, Authority, Certificate, CertificateKey, Failure, Target, Tool, Uacme, Webroot};

/// One client, with a CA of its own; all state is removed on drop.
#[derive(Debug)]
pub struct Story<A> {
    /// The CA as the client sees it.
    pub target: Target,
    /// The CA as its operator sees it.
    pub authority: A,
    folder: TempDir,
}

impl<A: Authority> Story<A> {
    /// Starts a CA for which `names` resolve to the client; `None` if the client is not installed.
    ///
    /// # Errors
    ///
    /// Those of [`Tool::find`], or the folder for the state cannot be created.
    pub async fn with(
        program: &'static str,
        names: &[&str],
        start: impl AsyncFnOnce() -> A,
    ) -> Result<Option<(Self, Tool)>, Failure> {
        let found = match program {
            Acmetool::PROGRAM | Uacme::PROGRAM => Tool::find_with_namespace(program).await?,
            _ => Tool::find(program)?,
        };
        let Some(tool) = found else {
            return Ok(None);
        };
        let authority = start().await;
        let story = Self {
            target: authority.target(names).await,
            authority,
            folder: TempDir::with_prefix(program.replace('/', "-")).map_err(Failure::io("temporary folder"))?,
        };
        Ok(Some((story, tool)))
    }

    /// The folder of the client's state.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A web server for a client that has none.
    ///
    /// # Errors
    ///
    /// Those of [`Webroot::serve`].
    pub async fn webroot(&self) -> Result<Webroot, Failure> {
        Webroot::serve(&self.target, self.folder().join("webroot")).await
    }

    /// Checks the chain that the client stored, and keeps a copy, because clients move their files
    /// when they renew or revoke.
    ///
    /// # Errors
    ///
    /// Those of [`Certificate::accept`].
    pub async fn accept(&self, chain: &Path, names: &[&str], key: CertificateKey) -> Result<Certificate, Failure> {
        let accepted = TempDir::new_in(self.folder()).map_err(Failure::io("temporary folder"))?;
        let copy = accepted.keep().join("chain.pem");
        fs::copy(chain, &copy).map_err(Failure::io(chain.display()))?;
        Certificate::accept(&self.target, copy, names, key).await
    }

    /// Whether relying parties see the certificate as revoked.
    ///
    /// # Errors
    ///
    /// Those of [`Certificate::is_revoked`].
    pub async fn is_revoked(&self, certificate: &Certificate) -> Result<bool, Failure> {
        certificate.is_revoked(&self.target).await
    }
}
