//! certbot, lego and openssl, which see the CA as its clients and relying parties do.
//!
//! No name leads to this machine, so challenges are answered where the CRLs are: the name that is
//! certified is that of the status URL, and what a client wants to be found there is put into the
//! bucket behind it.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use super::{
    Fault,
    aws::{Aws, finish, finish_while},
};

/// Where clients find the CA, and where their challenges are answered.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// The URL of the directory.
    pub(super) directory: String,
    /// The name that is certified.
    pub(super) host: String,
    /// The bucket that is read at that name.
    pub(super) bucket: String,
    /// The root of the CA's HTTPS certificate, where it is not one of the machine's.
    pub(super) trust: Option<PathBuf>,
    /// The file of the CA's root.
    pub(super) root: PathBuf,
}

/// A key that binds a new account to an external one.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    /// What the client names it by, RFC 8555 section 7.3.4.
    pub(super) identifier: String,
    /// The key itself, a secret.
    pub(super) key: String,
}

/// A client with its state in a folder.
pub(super) struct Client<'a> {
    /// certbot or lego.
    pub(super) name: &'static str,
    /// Looked up in `PATH` unless it is a path.
    pub(super) program: PathBuf,
    /// The folder of its state.
    pub(super) folder: PathBuf,
    /// The CA.
    pub(super) site: &'a Site,
    /// The account of AWS.
    pub(super) aws: &'a Aws,
}

impl Client<'_> {
    /// Obtains a certificate over http-01; returns the file with the chain.
    pub(super) fn obtain(&self, binding: &Binding) -> Result<PathBuf, Fault> {
        fs::create_dir_all(&self.folder).map_err(|source| Fault::File { path: self.folder.clone(), source })?;
        let Binding { identifier, key } = binding;
        if self.name == LEGO {
            self.lego(binding, &["run"])?;
        } else {
            let hook = self.hook()?;
            let bound = [format!("--eab-kid={identifier}"), format!("--eab-hmac-key={key}")];
            let certbot = self.certbot(&["certonly", "--manual", "--preferred-challenges", "http"]);
            self.run(certbot, |command| {
                command.args(bound).arg("--manual-auth-hook").arg(hook).args(["--domain", &self.site.host])
            })?;
        }
        Ok(self.chain())
    }

    /// Renews at once; returns the file with the chain.
    pub(super) fn renew(&self, binding: &Binding) -> Result<PathBuf, Fault> {
        // lego wants the key although it has its account.
        self.lego(binding, &["renew", "--days", "36500", "--no-random-sleep"])?;
        Ok(self.chain())
    }

    /// Revokes the certificate with certbot, and keeps the files.
    pub(super) fn revoke(&self) -> Result<(), Fault> {
        let certbot = self.certbot(&["revoke", "--reason", "superseded", "--no-delete-after-revoke"]);
        self.run(certbot, |command| command.args(["--cert-name", &self.site.host]))
    }

    fn chain(&self) -> PathBuf {
        if self.name == LEGO {
            return self.folder.join("certificates").join(format!("{}.crt", self.site.host));
        }
        self.folder.join("config/live").join(&self.site.host).join("fullchain.pem")
    }

    fn certbot(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).args(["--non-interactive", "--agree-tos", "--register-unsafely-without-email"]);
        command.args(["--server", &self.site.directory]);
        for (option, folder) in [("--config-dir", "config"), ("--work-dir", "work"), ("--logs-dir", "logs")] {
            command.arg(option).arg(self.folder.join(folder));
        }
        command
    }

    fn run(&self, mut command: Command, change: impl FnOnce(&mut Command) -> &mut Command) -> Result<(), Fault> {
        change(&mut command);
        self.with_environment(&mut command);
        finish(command, self.aws.interrupt()).map(drop)
    }

    /// certbot waits for the end of this before it lets the CA look.
    fn hook(&self) -> Result<PathBuf, Fault> {
        let path = self.folder.join("answer-challenge.sh");
        let script = format!(
            "#!/bin/sh\nset -e\nprintf %s \"$CERTBOT_VALIDATION\" > '{folder}/validation'\n\
             '{aws}' s3 cp --quiet '{folder}/validation' \"s3://{bucket}/{WELL_KNOWN}/$CERTBOT_TOKEN\"\n",
            folder = self.folder.display(),
            aws = self.aws.program().display(),
            bucket = self.site.bucket,
        );
        let written =
            fs::write(&path, script).and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o755)));
        written.map_err(|source| Fault::File { path: path.clone(), source })?;
        Ok(path)
    }

    /// lego writes the answer to a folder and lets the CA look at once. The CA looks three times
    /// within ten seconds, and the answer is in the bucket before the last one.
    fn lego(&self, Binding { identifier, key }: &Binding, then: &[&str]) -> Result<(), Fault> {
        let webroot = self.folder.join("webroot");
        let answers = webroot.join(WELL_KNOWN);
        fs::create_dir_all(&answers).map_err(|source| Fault::File { path: answers.clone(), source })?;
        let mut command = Command::new(&self.program);
        command.args(["--server", &self.site.directory, "--accept-tos", "--email", "smoke@example.org"]);
        command
            .args([
                "--eab",
                "--kid",
                identifier,
                "--hmac",
                key,
                "--key-type",
                "ec256",
                "--domains",
                &self.site.host,
                "--path",
            ])
            .arg(&self.folder);
        command.args(["--http", "--http.webroot"]).arg(&webroot).args(then);
        self.with_environment(&mut command);
        let mut uploaded = BTreeSet::new();
        finish_while(command, self.aws.interrupt(), || {
            for name in names_in(&answers)? {
                if uploaded.insert(name.clone()) {
                    let object = format!("s3://{}/{WELL_KNOWN}/{name}", self.site.bucket);
                    self.aws.say(&["s3", "cp", "--quiet", &answers.join(&name).display().to_string(), &object])?;
                }
            }
            Ok(())
        })
        .map(drop)
    }

    fn with_environment(&self, command: &mut Command) {
        command.envs(self.aws.environment().iter().map(|(name, value)| (name, value))).current_dir(&self.folder);
        if let Some(trust) = &self.site.trust {
            command.env("REQUESTS_CA_BUNDLE", trust).env("LEGO_CA_CERTIFICATES", trust);
        }
    }
}

/// A relying party: it downloads the CRL from where the certificate says.
pub(super) struct RelyingParty<'a> {
    /// What stops it.
    pub(super) aws: &'a Aws,
    /// The CA.
    pub(super) site: &'a Site,
    /// How old a CRL may be that it sees.
    pub(super) patience: Duration,
}

impl RelyingParty<'_> {
    /// Waits until the certificate of a client is accepted.
    pub(super) fn accepts(&self, client: &'static str, chain: &Path) -> Result<(), Fault> {
        self.until(client, chain, "accepted", |verified| verified.is_ok())
    }

    /// Waits until the certificate of a client is refused as a revoked one.
    pub(super) fn refuses(&self, client: &'static str, chain: &Path) -> Result<(), Fault> {
        self.until(client, chain, "refused as revoked", |verified| {
            verified.as_ref().is_err_and(|fault| fault.to_string().contains("certificate revoked"))
        })
    }

    /// CRLs are made by a queue's worker, and caches keep one for as long as it allows.
    fn until(
        &self,
        client: &'static str,
        chain: &Path,
        wanted: &'static str,
        is_so: impl Fn(&Result<String, Fault>) -> bool,
    ) -> Result<(), Fault> {
        let began = Instant::now();
        loop {
            let mut command = Command::new("openssl");
            command.args(["verify", "-x509_strict", "-crl_check", "-crl_download", "-CAfile"]).arg(&self.site.root);
            command.arg("-untrusted").arg(chain).arg(chain);
            let verified = finish(command, self.aws.interrupt());
            if is_so(&verified) {
                return Ok(());
            }
            if began.elapsed() > self.patience {
                let said = verified.unwrap_or_else(|fault| fault.to_string());
                return Err(Fault::Certificate { client, wanted, said });
            }
            self.aws.interrupt().pause(PAUSE)?;
        }
    }
}

fn names_in(folder: &Path) -> Result<Vec<String>, Fault> {
    let names = fs::read_dir(folder).and_then(|entries| {
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect::<Result<Vec<_>, _>>()
    });
    names.map_err(|source| Fault::File { path: folder.to_owned(), source })
}

/// The name of a client.
pub(super) const CERTBOT: &str = "certbot";
/// The name of a client.
pub(super) const LEGO: &str = "lego";

const WELL_KNOWN: &str = ".well-known/acme-challenge";
const PAUSE: Duration = Duration::from_secs(1);
