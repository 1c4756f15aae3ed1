//! acme-client, the npm package: a library, so a short script of ours stands in for its user.
//!
//! It can do all: RSA and EC account keys, renewal, revocation, key rollover, contacts,
//! deactivation; it knows no renewal information. Node.js adds `NODE_EXTRA_CA_CERTS` to its roots.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Failure, Target, Tool, run::Run};

/// acme-client with its key.
#[derive(Debug)]
pub struct AcmeClient {
    target: Target,
    package: PathBuf,
    folder: PathBuf,
    webroot: PathBuf,
}

impl AcmeClient {
    /// The program whose presence decides.
    pub const PROGRAM: &str = "acme-client";

    /// Keeps everything in `folder`; tokens for http-01 go to `webroot`.
    ///
    /// # Errors
    ///
    /// When the script cannot be written.
    pub fn new(target: &Target, tool: &Tool, folder: &Path, webroot: &Path) -> Result<Self, Failure> {
        let script = folder.join(SCRIPT);
        fs::write(&script, include_str!("acme_client/client.mjs")).map_err(Failure::io(script.display()))?;
        Ok(Self {
            target: target.clone(),
            package: tool.path.clone(),
            folder: folder.to_path_buf(),
            webroot: webroot.to_path_buf(),
        })
    }

    /// Makes an account with a key of `kind`: `ec` or `rsa`.
    ///
    /// # Errors
    ///
    /// When the script fails.
    pub async fn register(&self, kind: &str) -> Result<(), Failure> {
        self.run(&["register", kind]).await
    }

    /// A certificate over http-01; returns the chain.
    ///
    /// # Errors
    ///
    /// When the script fails.
    pub async fn obtain(&self, names: &[&str]) -> Result<PathBuf, Failure> {
        self.run(&[&["obtain"], names].concat()).await?;
        Ok(self.folder.join("chain.pem"))
    }

    /// Rolls the account over to a new key of `kind`.
    ///
    /// # Errors
    ///
    /// When the script fails.
    pub async fn roll_key_over(&self, kind: &str) -> Result<(), Failure> {
        self.run(&["roll-key-over", kind]).await
    }

    /// Revokes the certificate that was obtained last, by the account.
    ///
    /// # Errors
    ///
    /// When the script fails.
    pub async fn revoke(&self) -> Result<(), Failure> {
        self.run(&["revoke"]).await
    }

    /// Changes the contact, looks whether the CA took it, and deactivates the account.
    ///
    /// # Errors
    ///
    /// When the script fails.
    pub async fn update_and_deactivate(&self) -> Result<(), Failure> {
        self.run(&["update-and-deactivate"]).await
    }

    async fn run(&self, arguments: &[&str]) -> Result<(), Failure> {
        Run::new("node", &self.folder)
            .env("NODE_EXTRA_CA_CERTS", &self.target.root)
            .env("ACME_CLIENT", &self.package)
            .env("DIRECTORY", &self.target.directory)
            .env("WEBROOT", &self.webroot)
            .arg(SCRIPT)
            .args(arguments)
            .finish()
            .await?;
        Ok(())
    }
}

const SCRIPT: &str = "client.mjs";
