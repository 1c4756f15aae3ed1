//! dehydrated: a shell script over `curl` and `openssl`.
//!
//! It renews, revokes with the account key, updates contacts, changes the account key and
//! deactivates accounts. It gets a new nonce with HEAD for every request, gives up when one is
//! refused, and parses JSON with `sed`. It takes the root from `CURL_CA_BUNDLE`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Failure, Target, Tool, hook, run::Run};

/// dehydrated with a configuration of its own.
#[derive(Debug)]
pub struct Dehydrated {
    target: Target,
    tool: Tool,
    folder: PathBuf,
}

impl Dehydrated {
    /// The program that must be installed.
    pub const PROGRAM: &str = "dehydrated";

    /// Keeps all state in `folder` and registers; tokens of http-01 go to `webroot`.
    ///
    /// # Errors
    ///
    /// dehydrated fails.
    pub async fn register(target: &Target, tool: Tool, folder: &Path, webroot: &Path) -> Result<Self, Failure> {
        let script = format!(
            "{}case $1 in\ndeploy_challenge) set_txt \"_acme-challenge.$2\" \"$4\" ;;\n\
             clean_challenge) clear_txt \"_acme-challenge.$2\" ;;\nesac\n",
            hook::dns(target)
        );
        let hook = hook::write(folder, "dns.sh", &script)?;
        let config = format!(
            "CA={}\nBASEDIR={}\nWELLKNOWN={}\nHOOK={}\nCONTACT_EMAIL=admin@example.org\n",
            target.directory,
            folder.display(),
            webroot.display(),
            hook.display(),
        );
        let path = folder.join("config");
        fs::write(&path, config).map_err(Failure::io(path.display()))?;
        let dehydrated = Self { target: target.clone(), tool, folder: folder.to_path_buf() };
        dehydrated.run().args(["--register", "--accept-terms"]).finish().await?;
        Ok(dehydrated)
    }

    /// Obtains a certificate by `challenge`, with a key of `algorithm`, both in dehydrated's
    /// spelling; returns the chain.
    ///
    /// Repeating the call renews if `more` contains `--force`.
    ///
    /// # Errors
    ///
    /// dehydrated fails.
    pub async fn obtain(
        &self,
        challenge: &str,
        names: &[&str],
        algorithm: &str,
        more: &[&str],
    ) -> Result<PathBuf, Failure> {
        // The folder of a wildcard needs a name without an asterisk.
        let alias = names.first().copied().unwrap_or_default().trim_start_matches("*.");
        self.run()
            .args(["--cron", "--challenge", challenge, "--algo", algorithm])
            .args(["--domain", &names.join(" "), "--alias", alias])
            .args(more)
            .finish()
            .await?;
        Ok(self.folder.join("certs").join(alias).join("fullchain.pem"))
    }

    /// Revokes with the account key; dehydrated renames the file and keeps the others.
    ///
    /// # Errors
    ///
    /// dehydrated fails.
    pub async fn revoke(&self, chain: &Path) -> Result<(), Failure> {
        self.run().arg("--revoke").arg(chain.with_file_name("cert.pem")).finish().await?;
        Ok(())
    }

    /// Sends the contact in the configuration again.
    ///
    /// # Errors
    ///
    /// dehydrated fails.
    pub async fn update_account(&self) -> Result<(), Failure> {
        self.run().arg("--account").finish().await?;
        Ok(())
    }

    /// Deactivates the account.
    ///
    /// # Errors
    ///
    /// dehydrated fails.
    pub async fn deactivate(&self) -> Result<(), Failure> {
        self.run().arg("--deactivate").finish().await?;
        Ok(())
    }

    fn run(&self) -> Run {
        Run::new(&self.tool.path, &self.folder)
            .env("CURL_CA_BUNDLE", &self.target.root)
            .arg("--config")
            .arg(self.folder.join("config"))
    }
}
