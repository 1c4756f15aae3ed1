//! lego, in Go: all three kinds of challenges.
//!
//! Renews and revokes by account; its command line cannot roll the key over, and this version knows
//! no renewal information. Go reads `SSL_CERT_FILE`; lego has `LEGO_CA_CERTIFICATES` beside it.

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

/// How lego proves control.
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
    /// The program whose presence decides.
    pub const PROGRAM: &str = "lego";

    /// Keeps everything in `folder`.
    pub fn new(target: &Target, tool: Tool, folder: &Path) -> Self {
        Self { target: target.clone(), tool, folder: folder.to_path_buf(), external_account: None }
    }

    /// Registers with this key identifier and MAC key of an external account.
    pub fn bound_to(self, key_identifier: &str, key: &str) -> Self {
        Self { external_account: Some([key_identifier.to_owned(), key.to_owned()]), ..self }
    }

    /// A certificate with a key of the kind `key_type` as lego spells it; returns the chain.
    ///
    /// # Errors
    ///
    /// When lego fails.
    pub async fn obtain(&self, challenge: Challenge, names: &[&str], key_type: &str) -> Result<PathBuf, Failure> {
        self.lego(challenge, names, key_type)?.arg("run").finish().await?;
        Ok(self.chain(names))
    }

    /// Renews at once, with the challenge of `obtain`.
    ///
    /// # Errors
    ///
    /// When lego fails.
    pub async fn renew(&self, challenge: Challenge, names: &[&str], key_type: &str) -> Result<PathBuf, Failure> {
        self.lego(challenge, names, key_type)?.args(["renew", "--no-random-sleep", "--days", "36500"]).finish().await?;
        Ok(self.chain(names))
    }

    /// Revokes by the account and keeps the files.
    ///
    /// # Errors
    ///
    /// When lego fails.
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
                    // Without a resolver lego would ask the Internet whether the name is an alias.
                    // Its own look-up of the record would need a whole zone.
                    .args(["--dns", "exec", "--dns.disable-cp"])
                    .args(["--dns.resolvers", &self.target.resolver.to_string()])
            }
        })
    }
}
