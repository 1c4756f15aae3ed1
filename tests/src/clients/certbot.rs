//! certbot: the client that most people know.
//!
//! It renews by renewal information (RFC 9773), revokes with the account key, updates contacts and
//! deactivates accounts; it cannot change its key. `requests` takes the root from
//! `REQUESTS_CA_BUNDLE` and uses one connection for all requests.

use std::path::{Path, PathBuf};

use super::{Failure, Target, Tool, hook, run::Run};

/// certbot with a configuration of its own.
#[derive(Debug)]
pub struct Certbot {
    target: Target,
    tool: Tool,
    folder: PathBuf,
}

impl Certbot {
    /// The program that must be installed.
    pub const PROGRAM: &str = "certbot";

    /// The version of 2021, which many appliances and long-term distributions have. Its certificate
    /// requests are of version 2, and it knows no renewal information.
    pub const OLD: &str = "certbot-2021";

    /// Keeps all state in `folder`.
    pub fn new(target: &Target, tool: Tool, folder: &Path) -> Self {
        Self { target: target.clone(), tool, folder: folder.to_path_buf() }
    }

    /// Obtains a certificate by http-01, with certbot's own web server; returns the chain.
    ///
    /// # Errors
    ///
    /// certbot fails.
    pub async fn obtain(&self, name: &str, more: &[&str]) -> Result<PathBuf, Failure> {
        self.certbot("certonly")
            .args(["--standalone", "--preferred-challenges", "http"])
            .args(["--http-01-address", &self.target.address.to_string()])
            .args(["--http-01-port", &self.target.http_port.to_string()])
            .args(more)
            .args(names(name, &[]))
            .finish()
            .await?;
        Ok(self.chain(name))
    }

    /// Obtains a certificate by dns-01, with hooks; returns the chain.
    ///
    /// # Errors
    ///
    /// certbot fails.
    pub async fn obtain_over_dns(&self, name: &str, others: &[&str], more: &[&str]) -> Result<PathBuf, Failure> {
        let functions = hook::dns(&self.target);
        let set = format!("{functions}set_txt \"_acme-challenge.$CERTBOT_DOMAIN\" \"$CERTBOT_VALIDATION\"\n");
        let clear = format!("{functions}clear_txt \"_acme-challenge.$CERTBOT_DOMAIN\"\n");
        self.certbot("certonly")
            .args(["--manual", "--preferred-challenges", "dns"])
            .arg("--manual-auth-hook")
            .arg(hook::write(&self.folder, "auth.sh", &set)?)
            .arg("--manual-cleanup-hook")
            .arg(hook::write(&self.folder, "cleanup.sh", &clear)?)
            .args(more)
            .args(names(name, others))
            .finish()
            .await?;
        Ok(self.chain(name))
    }

    /// Does what a timer would do: renews what is due, and reports "not yet due" for the rest.
    ///
    /// # Errors
    ///
    /// certbot fails.
    pub async fn renew(&self, more: &[&str]) -> Result<String, Failure> {
        let done = self.certbot("renew").arg("--no-random-sleep-on-renew").args(more).finish().await?;
        Ok(done.stdout + &done.stderr)
    }

    /// Revokes with the account key and keeps the files.
    ///
    /// # Errors
    ///
    /// certbot fails.
    pub async fn revoke(&self, name: &str, reason: &str) -> Result<(), Failure> {
        self.certbot("revoke")
            .args(["--cert-name", name, "--reason", reason, "--no-delete-after-revoke"])
            .finish()
            .await?;
        Ok(())
    }

    /// Changes the contact of the account.
    ///
    /// # Errors
    ///
    /// certbot fails, or the CA did not accept the contact.
    pub async fn update_account(&self, email: &str) -> Result<(), Failure> {
        self.certbot("update_account").args(["--email", email]).finish().await?;
        self.certbot("show_account").finish().await?.says("Account URL: https://")
    }

    /// Deactivates the account.
    ///
    /// # Errors
    ///
    /// certbot fails.
    pub async fn unregister(&self) -> Result<(), Failure> {
        self.certbot("unregister").finish().await?;
        Ok(())
    }

    fn chain(&self, name: &str) -> PathBuf {
        let live = self.folder.join("config").join("live");
        live.join(name.trim_start_matches("*.")).join("fullchain.pem")
    }

    fn certbot(&self, command: &str) -> Run {
        Run::new(&self.tool.path, &self.folder)
            .env("REQUESTS_CA_BUNDLE", &self.target.root)
            .arg(command)
            .args(["--non-interactive", "--agree-tos", "--email", "admin@example.org", "--no-eff-email"])
            .args(["--server", &self.target.directory])
            .arg("--config-dir")
            .arg(self.folder.join("config"))
            .arg("--work-dir")
            .arg(self.folder.join("work"))
            .arg("--logs-dir")
            .arg(self.folder.join("logs"))
    }
}

fn names<'a>(name: &'a str, others: &[&'a str]) -> Vec<&'a str> {
    [name].iter().chain(others).flat_map(|name| ["--domain", name]).collect()
}
