//! lego, in Go: it supports all three challenge types.
//!
//! It renews and revokes with the account key; its command line cannot change the key, and this
//! version does not support renewal information. Go reads `SSL_CERT_FILE`; lego also reads
//! `LEGO_CA_CERTIFICATES`.

use std::path::{Path, PathBuf};

use super::{Failure, Target, Tool, hook, run::Run};

/// lego with a configuration of its own.
#[derive(Debug)]
pub struct Lego {
    target: Target,
    tool: Tool,
    folder: PathBuf,
    external_account: Option<[String; 2]>,
}

/// The challenge type that lego uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// http-01, with lego's own web server.
    Http,
    /// dns-01, with a hook.
    Dns,
    /// tls-alpn-01, with lego's own TLS server.
    Tls,
}

impl Lego {
    /// The program that must be installed.
    pub const PROGRAM: &str = "lego";

    /// Keeps all state in `folder`.
    pub fn new(target: &Target, tool: Tool, folder: &Path) -> Self {
        Self { target: target.clone(), tool, folder: folder.to_path_buf(), external_account: None }
    }

    /// Registers with this key identifier and MAC key of the external account.
    pub fn bound_to(self, key_identifier: &str, key: &str) -> Self {
        Self { external_account: Some([key_identifier.to_owned(), key.to_owned()]), ..self }
    }

    /// Obtains a certificate with a key of type `key_type`, in lego's spelling; returns the chain.
    ///
    /// # Errors
    ///
    /// lego fails.
    pub async fn obtain(&self, challenge: Challenge, names: &[&str], key_type: &str) -> Result<PathBuf, Failure> {
        self.lego(challenge, names, key_type)?.arg("run").finish().await?;
        Ok(self.chain(names))
    }

    /// Renews at once, with the challenge of `obtain`.
    ///
    /// # Errors
    ///
    /// lego fails.
    pub async fn renew(&self, challenge: Challenge, names: &[&str], key_type: &str) -> Result<PathBuf, Failure> {
        self.lego(challenge, names, key_type)?.args(["renew", "--no-random-sleep", "--days", "36500"]).finish().await?;
        Ok(self.chain(names))
    }

    /// Revokes with the account key and keeps the files.
    ///
    /// # Errors
    ///
    /// lego fails.
    pub async fn revoke(&self, names: &[&str], reason: u8) -> Result<(), Failure> {
        self.lego(Challenge::Http, names, "ec256")?
            .args(["revoke", "--keep", "--reason", &reason.to_string()])
            .finish()
            .await?;
        Ok(())
    }

    /// lego names the file after the first name.
    fn chain(&self, names: &[&str]) -> PathBuf {
        let first = names.first().copied().unwrap_or_default().replace('*', "_");
        self.folder.join("certificates").join(format!("{first}.crt"))
    }

    fn lego(&self, challenge: Challenge, names: &[&str], key_type: &str) -> Result<Run, Failure> {
        let run = Run::new(&self.tool.path, &self.folder)
            .env("LEGO_CA_CERTIFICATES", &self.target.root)
            .args(["--server", &self.target.directory, "--accept-tos"])
            .args(["--email", "admin@example.org", "--key-type", key_type])
            .arg("--path")
            .arg(&self.folder)
            .args(names.iter().flat_map(|name| ["--domains", name]));
        let run = match &self.external_account {
            Some([identifier, key]) => run.args(["--eab", "--kid", identifier, "--hmac", key]),
            None => run,
        };
        Ok(match challenge {
            Challenge::Http => run.args(["--http", "--http.port", &self.target.http().to_string()]),
            Challenge::Tls => run.args(["--tls", "--tls.port", &self.target.tls().to_string()]),
            Challenge::Dns => {
                let script = format!(
                    "{}name=${{2%.}}\ncase $1 in\npresent) set_txt \"$name\" \"$3\" ;;\ncleanup) clear_txt \"$name\" ;;\nesac\n",
                    hook::dns(&self.target)
                );
                run.env("EXEC_PATH", hook::write(&self.folder, "dns.sh", &script)?)
                    .env("EXEC_POLLING_INTERVAL", "1")
                    // Without a resolver, lego would ask the Internet whether the name is an alias.
                    // Its own check of the record would need a whole zone.
                    .args(["--dns", "exec", "--dns.disable-cp"])
                    .args(["--dns.resolvers", &self.target.resolver.to_string()])
            }
        })
    }
}
