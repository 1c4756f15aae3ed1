//! Libraries of other languages: for each a short script of this project stands in for its users,
//! who are control panels, hosting platforms and load balancers.
//!
//! - `@root/acme` (npm), which greenlock is made of, reads members of `meta` unasked.
//! - `acme-client` (Ruby), which GitLab uses, writes version 2 into its certificate requests, and
//!   leaves out what it has no value for.
//! - `golang.org/x/crypto/acme`, which many programs in Go contain, is built with a current Go.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Failure, Target, Tool, run::Run};

/// A library that is run by a script.
#[derive(Clone, Copy, Debug)]
pub enum Library {
    /// `golang.org/x/crypto/acme`.
    GoCryptoAcme,
    /// `@root/acme` of npm.
    RootAcme,
    /// `acme-client` of Ruby.
    RubyAcmeClient,
}

impl Library {
    /// The name under which [`Tool::find`] looks for what runs or is the library.
    pub fn program(self) -> &'static str {
        match self {
            Self::GoCryptoAcme => "go",
            Self::RootAcme => "@root/acme",
            Self::RubyAcmeClient => "ruby-acme-client",
        }
    }

    /// The name of what has to be there besides.
    pub fn source(self) -> Option<&'static str> {
        matches!(self, Self::GoCryptoAcme).then_some("golang-golang-x-crypto-dev")
    }

    /// Registers, and obtains a certificate by http-01; tokens go to `webroot`. Returns the chain.
    ///
    /// # Errors
    ///
    /// The script fails.
    pub async fn obtain(
        self,
        target: &Target,
        tool: &Tool,
        folder: &Path,
        webroot: &Path,
        names: &[&str],
    ) -> Result<PathBuf, Failure> {
        let (name, text) = match self {
            Self::GoCryptoAcme => ("main.go", include_str!("library/main.go")),
            Self::RootAcme => ("client.cjs", include_str!("library/root_acme.cjs")),
            Self::RubyAcmeClient => ("client.rb", include_str!("library/acme_client.rb")),
        };
        let script = folder.join(name);
        fs::write(&script, text).map_err(Failure::io(script.display()))?;
        let interpreter = match self {
            Self::GoCryptoAcme => Run::new(&tool.path, folder)
                .env("GO111MODULE", "off")
                // Where Debian has the sources of libraries.
                .env("GOPATH", "/usr/share/gocode")
                .env("GOCACHE", folder.join("cache"))
                .arg("run"),
            Self::RootAcme => Run::new("node", folder),
            Self::RubyAcmeClient => Run::new("ruby", folder),
        };
        interpreter
            .env("NODE_EXTRA_CA_CERTS", &target.root)
            .env("SSL_CERT_FILE", &target.root)
            .env("PACKAGE", &tool.path)
            .env("DIRECTORY", &target.directory)
            .env("WEBROOT", webroot)
            .arg(&script)
            .args(names)
            .finish()
            .await?;
        Ok(folder.join("chain.pem"))
    }
}
