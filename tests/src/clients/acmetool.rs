//! acmetool, in Go: the user lists names, and it decides what to do.
//!
//! Its `revoke` only marks the certificate, because the code behind it has been switched off since
//! ACMEv2. It renews in the last third of a certificate's life and cannot be made to renew earlier.
//! It cannot change its key.
//!
//! For http-01 it tries every method at once, and none can be turned off: it listens on port 80 and
//! writes to `/var/run/acme`. It therefore runs in a namespace that has neither.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Failure, Target, Tool, namespace};

/// acmetool with its state folder.
#[derive(Debug)]
pub struct Acmetool {
    target: Target,
    tool: Tool,
    folder: PathBuf,
}

impl Acmetool {
    /// The program that must be installed.
    pub const PROGRAM: &str = "acmetool";

    /// Keeps all state in `folder`; tokens of http-01 go to `webroot`.
    ///
    /// # Errors
    ///
    /// The configuration cannot be written.
    pub fn new(target: &Target, tool: Tool, folder: &Path, webroot: &Path) -> Result<Self, Failure> {
        let acmetool = Self { target: target.clone(), tool, folder: folder.to_path_buf() };
        acmetool.write(
            "conf/target",
            &format!(
                "request:\n  provider: {}\n  key:\n    type: ecdsa\n    ecdsa-curve: nistp256\n  \
                 challenge:\n    webroot-paths: [{}]\n    http-self-test: false\n",
                target.directory,
                webroot.display()
            ),
        )?;
        let mut responses = "\"acme-enter-email\": \"admin@example.org\"\n".to_owned();
        if let Some(terms) = &target.terms {
            responses += &format!("\"acme-agreement:{terms}\": true\n");
        }
        acmetool.write("conf/responses", &responses)?;
        Ok(acmetool)
    }

    /// Obtains a certificate for one name by http-01; returns the chain.
    ///
    /// # Errors
    ///
    /// acmetool fails.
    pub async fn obtain(&self, name: &str) -> Result<PathBuf, Failure> {
        self.run(&["want", name]).await?;
        Ok(self.folder.join("live").join(name).join("fullchain"))
    }

    /// Does what a timer would do: renews what is due, and leaves the rest alone.
    ///
    /// # Errors
    ///
    /// acmetool fails.
    pub async fn reconcile(&self) -> Result<(), Failure> {
        self.run(&["reconcile"]).await
    }

    async fn run(&self, arguments: &[&str]) -> Result<(), Failure> {
        namespace::run("mount -t tmpfs none /run", &self.folder)
            .arg(&self.tool.path)
            .env("SSL_CERT_FILE", &self.target.root)
            .args(["--batch", "--xlog.severity=debug"])
            .arg("--state")
            .arg(&self.folder)
            .arg("--hooks")
            .arg(self.folder.join("hooks"))
            .arg("--response-file")
            .arg(self.folder.join("conf/responses"))
            .args(arguments)
            .finish()
            .await?;
        Ok(())
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.folder.join(name);
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).map_err(Failure::io(folder.display()))?;
        fs::write(&path, text).map_err(Failure::io(path.display()))
    }
}
