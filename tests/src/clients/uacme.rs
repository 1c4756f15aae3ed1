//! uacme, in C over libcurl: the only one of Debian's that rolls its key over.
//!
//! Renews, revokes by account and by certificate key, updates contacts, deactivates. It takes the
//! first challenge that its hook accepts, so the order of challenges decides.
//!
//! Its libcurl has the list of trusted roots compiled in, with no variable or option to change it.
//! It therefore runs in a mount namespace in which that file is our root.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Failure, Target, Tool, hook, namespace};

/// uacme with a configuration of its own.
#[derive(Debug)]
pub struct Uacme {
    target: Target,
    tool: Tool,
    folder: PathBuf,
    hook: PathBuf,
}

impl Uacme {
    /// The program whose presence decides.
    pub const PROGRAM: &str = "uacme";

    /// Keeps everything in `folder` and registers; tokens for http-01 go to `webroot`.
    ///
    /// # Errors
    ///
    /// When uacme fails.
    pub async fn register(target: &Target, tool: Tool, folder: &Path, webroot: &Path) -> Result<Self, Failure> {
        let script = format!(
            "case $1.$2 in\n\
             begin.http-01) printf %s \"$5\" > '{webroot}'/\"$4\" ;;\n\
             done.http-01|failed.http-01) rm '{webroot}'/\"$4\" ;;\n\
             *) exit 1 ;;\nesac\n",
            webroot = webroot.display()
        );
        let uacme = Self {
            target: target.clone(),
            tool,
            folder: folder.to_path_buf(),
            hook: hook::write(folder, "hook.sh", &script)?,
        };
        uacme.run(&["new", "admin@example.org"]).await?;
        Ok(uacme)
    }

    /// A certificate over http-01; returns the chain. The same call again renews when `options` say
    /// `--force`.
    ///
    /// # Errors
    ///
    /// When uacme fails.
    pub async fn obtain(&self, options: &[&str], names: &[&str]) -> Result<PathBuf, Failure> {
        self.run(&[options, &["issue"], names].concat()).await?;
        let first = names.first().copied().unwrap_or_default();
        Ok(self.folder.join(first).join("cert.pem"))
    }

    /// Makes a new account key and lets it take the place of the old one.
    ///
    /// # Errors
    ///
    /// When uacme fails.
    pub async fn roll_key_over(&self) -> Result<(), Failure> {
        self.run(&["newkey"]).await
    }

    /// Changes the contact of the account.
    ///
    /// # Errors
    ///
    /// When uacme fails.
    pub async fn update_account(&self, email: &str) -> Result<(), Failure> {
        self.run(&["update", email]).await
    }

    /// Revokes by the account; uacme renames the file.
    ///
    /// # Errors
    ///
    /// When uacme fails.
    pub async fn revoke(&self, chain: &Path) -> Result<(), Failure> {
        self.run(&["--reason", "4", "revoke", &chain.to_string_lossy()]).await
    }

    /// Revokes by the key of the certificate, without the account.
    ///
    /// # Errors
    ///
    /// When uacme fails.
    pub async fn revoke_by_key(&self, chain: &Path, name: &str) -> Result<(), Failure> {
        let key = self.folder.join("private").join(name).join("key.pem");
        // A copy, for uacme renames what it revoked.
        let copy = self.folder.join("to-be-revoked.pem");
        fs::copy(chain, &copy).map_err(Failure::io(chain.display()))?;
        self.run(&["--reason", "1", "revoke", &copy.to_string_lossy(), &key.to_string_lossy()]).await
    }

    /// Deactivates the account.
    ///
    /// # Errors
    ///
    /// When uacme fails.
    pub async fn deactivate(&self) -> Result<(), Failure> {
        self.run(&["deactivate"]).await
    }

    async fn run(&self, arguments: &[&str]) -> Result<(), Failure> {
        let trust = format!("mount --bind \"$ROOT\" {TRUSTED}");
        namespace::run(&trust, &self.folder)
            .env("ROOT", &self.target.root)
            .arg(&self.tool.path)
            .args(["--verbose", "--yes", "--no-ocsp", "--acme-url", &self.target.directory])
            .arg("--confdir")
            .arg(&self.folder)
            .arg("--hook")
            .arg(&self.hook)
            .args(arguments)
            .finish()
            .await?;
        Ok(())
    }
}

/// The list of roots that Debian compiles into libcurl.
const TRUSTED: &str = "/etc/ssl/certs/ca-certificates.crt";
