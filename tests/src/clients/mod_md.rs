//! Apache's mod_md: the web server obtains and renews certificates by itself, by renewal
//! information (RFC 9773) if the CA offers it.
//!
//! It does not revoke and does not change its key. A new certificate is used after a restart. It
//! takes the root from `MDCACertificateFile`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    Failure, Target, Tool,
    run::{Run, Service},
};

/// An Apache with its own server root.
#[derive(Debug)]
pub struct ModMd {
    target: Target,
    tool: Tool,
    folder: PathBuf,
    name: String,
}

impl ModMd {
    /// The program that must be installed.
    pub const PROGRAM: &str = "apache2";

    /// A server for one name, with all state in `folder`.
    pub fn new(target: &Target, tool: Tool, folder: &Path, name: &str) -> Self {
        Self { target: target.clone(), tool, folder: folder.to_path_buf(), name: name.to_owned() }
    }

    /// Starts Apache, waits until mod_md has a new certificate, and stops Apache again; returns the
    /// chain.
    ///
    /// `window` is mod_md's renewal window: the last part of the lifetime, such as `33%`.
    ///
    /// # Errors
    ///
    /// Apache fails, or obtains nothing.
    pub async fn obtain(&self, window: &str) -> Result<PathBuf, Failure> {
        let mut apache = self.start(window)?;
        let staged = self.folder.join("md/staging").join(&self.name);
        // The job is finished when its record says so; the chain was written before.
        apache
            .until(|| {
                let job = fs::read_to_string(staged.join("job.json")).ok()?;
                job.contains("\"finished\": true").then_some(())
            })
            .await?;
        apache.stop().await?;

        // The next start activates the staged certificate. With the usual window it then has
        // nothing to do.
        let mut apache = self.start("33%")?;
        apache.until(|| (!staged.exists()).then_some(())).await?;
        apache.stop().await?;
        let chain = self.folder.join("md/domains").join(&self.name).join("pubcert.secp256r1.pem");
        let copy = self.folder.join(if window == "33%" { "first.pem" } else { "next.pem" });
        fs::copy(&chain, &copy).map_err(Failure::io(chain.display()))?;
        Ok(copy)
    }

    fn start(&self, window: &str) -> Result<Service, Failure> {
        let file = self.folder.join("apache.conf");
        fs::write(&file, self.configuration(window)).map_err(Failure::io(file.display()))?;
        Run::new(&self.tool.path, &self.folder)
            .arg("-d")
            .arg(&self.folder)
            .arg("-f")
            .arg(&file)
            .arg("-DFOREGROUND")
            .serve()
    }

    fn configuration(&self, window: &str) -> String {
        let modules: String =
            MODULES.iter().map(|name| format!("LoadModule {name}_module {MODULE_FOLDER}/mod_{name}.so\n")).collect();
        format!(
            "{modules}\
             ServerName {name}\n\
             ServerAdmin admin@example.org\n\
             PidFile apache.pid\n\
             Mutex file:{folder} default\n\
             DefaultRuntimeDir {folder}\n\
             ErrorLog /dev/stderr\n\
             LogLevel warn md:debug\n\
             Listen {http}\n\
             Listen {tls}\n\
             MDStoreDir md\n\
             MDCertificateAuthority {directory}\n\
             MDCACertificateFile {root}\n\
             MDCertificateAgreement accepted\n\
             MDCAChallenges http-01\n\
             MDPortMap http:{http_port} https:{tls_port}\n\
             MDPrivateKeys secp256r1\n\
             MDRenewWindow {window}\n\
             MDMatchNames all\n\
             MDomain {name}\n\
             <VirtualHost *:{tls_port}>\n\
             ServerName {name}\n\
             SSLEngine on\n\
             </VirtualHost>\n",
            name = self.name,
            folder = self.folder.display(),
            http = self.target.http(),
            tls = self.target.tls(),
            directory = self.target.directory,
            root = self.target.root.display(),
            http_port = self.target.http_port,
            tls_port = self.target.tls_port,
        )
    }
}

/// The modules that mod_md needs, in loading order; Debian builds the watchdog in.
const MODULES: [&str; 4] = ["mpm_event", "authz_core", "ssl", "md"];

/// The folder of Debian's modules.
const MODULE_FOLDER: &str = "/usr/lib/apache2/modules";
