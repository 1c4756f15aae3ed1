//! uacme, in C with libcurl: the only client in Debian that can change its key by command.
//!
//! It renews, revokes with the account key or the certificate key, updates contacts and deactivates
//! accounts. It takes the first challenge that its hook accepts, so the order of the challenges
//! matters.
//!
//! Its libcurl has the path of the list of trusted roots compiled in, and no variable or option
//! changes it. It therefore runs in a mount namespace in which that file is the CA's root.

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
    /// The program that must be installed.
    pub const PROGRAM: &str = "uacme";

    /// Keeps all state in `folder` and registers; tokens of http-01 go to `webroot`.
    ///
    /// # Errors
    ///
    /// uacme fails.
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

    /// Obtains a certificate by http-01; returns the chain. Repeating the call renews if `options`
    /// contain `--force`.
    ///
    /// # Errors
    ///
    /// uacme fails.
    pub async fn obtain(&self, options: &[&str], names: &[&str]) -> Result<PathBuf, Failure> {
        self.run(&[options, &["issue"], names].concat()).await?;
        let first = names.first().copied().unwrap_or_default();
        Ok(self.folder.join(first).join("cert.pem"))
    }

    /// Makes a new account key that replaces the old one.
    ///
    /// # Errors
    ///
    /// uacme fails.
    pub async fn roll_key_over(&self) -> Result<(), Failure> {
        self.run(&["newkey"]).await
    }

    /// Changes the contact of the account.
    ///
    /// # Errors
    ///
    /// uacme fails.
    pub async fn update_account(&self, email: &str) -> Result<(), Failure> {
        self.run(&["update", email]).await
    }

    /// Revokes with the account key; uacme renames the file.
    ///
    /// # Errors
    ///
    /// uacme fails.
    pub async fn revoke(&self, chain: &Path) -> Result<(), Failure> {
        self.run(&["--reason", "4", "revoke", &chain.to_string_lossy()]).await
    }

    /// Revokes with the key of the certificate, without the account.
    ///
    /// # Errors
    ///
    /// uacme fails.
    pub async fn revoke_by_key(&self, chain: &Path, name: &str) -> Result<(), Failure> {
        let key = self.folder.join("private").join(name).join("key.pem");
        // A copy, because uacme renames what it has revoked.
        let copy = self.folder.join("to-be-revoked.pem");
        fs::copy(chain, &copy).map_err(Failure::io(chain.display()))?;
        self.run(&["--reason", "1", "revoke", &copy.to_string_lossy(), &key.to_string_lossy()]).await
    }

    /// Deactivates the account.
    ///
    /// # Errors
    ///
    /// uacme fails.
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

/// The list of roots whose path Debian compiles into libcurl.
const TRUSTED: &str = "/etc/ssl/certs/ca-certificates.crt";
