//! acme-client, the npm package: a library, so a short script of this project stands in for its
//! user.
//!
//! It supports RSA and EC account keys, renewal, revocation, key change, contacts and deactivation,
//! but not renewal information. Node.js adds `NODE_EXTRA_CA_CERTS` to its roots.

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
    /// The program that must be installed.
    pub const PROGRAM: &str = "acme-client";

    /// Keeps all state in `folder`; tokens of http-01 go to `webroot`.
    ///
    /// # Errors
    ///
    /// The script cannot be written.
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

    /// Creates an account with a key of type `kind`: `ec` or `rsa`.
    ///
    /// # Errors
    ///
    /// The script fails.
    pub async fn register(&self, kind: &str) -> Result<(), Failure> {
        self.run(&["register", kind]).await
    }

    /// Obtains a certificate by http-01; returns the chain.
    ///
    /// # Errors
    ///
    /// The script fails.
    pub async fn obtain(&self, names: &[&str]) -> Result<PathBuf, Failure> {
        self.run(&[&["obtain"], names].concat()).await?;
        Ok(self.folder.join("chain.pem"))
    }

    /// Changes the account's key to a new one of type `kind`.
    ///
    /// # Errors
    ///
    /// The script fails.
    pub async fn roll_key_over(&self, kind: &str) -> Result<(), Failure> {
        self.run(&["roll-key-over", kind]).await
    }

    /// Revokes the certificate that was obtained last, with the account key.
    ///
    /// # Errors
    ///
    /// The script fails.
    pub async fn revoke(&self) -> Result<(), Failure> {
        self.run(&["revoke"]).await
    }

    /// Changes the contact, checks that the CA accepted it, and deactivates the account.
    ///
    /// # Errors
    ///
    /// The script fails.
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
