//! Caddy: a web server that obtains and renews certificates by itself.
//!
//! It uses the challenge type that fits its ports: http-01 or tls-alpn-01. It has no command for
//! revocation and does not change its key; this version does not support renewal information. It
//! understands `Retry-After` only in seconds.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::json;

use super::{
    Failure, Target, Tool,
    lego::Challenge,
    run::{Run, Service},
};

/// A running Caddy.
#[derive(Debug)]
pub struct Caddy {
    service: Service,
    storage: PathBuf,
    name: String,
}

impl Caddy {
    /// The program that must be installed.
    pub const PROGRAM: &str = "caddy";

    /// The current version, beside that of the distribution.
    pub const CURRENT: &str = "caddy-current";

    /// Starts a server for one name, with all state in `folder`.
    ///
    /// `renewal_window` is the last part of a certificate's life, in which Caddy renews it: with a
    /// value near 1 it renews at once.
    ///
    /// # Errors
    ///
    /// Caddy does not start.
    pub fn start(
        target: &Target,
        tool: &Tool,
        folder: &Path,
        name: &str,
        challenge: Challenge,
        renewal_window: f64,
    ) -> Result<Self, Failure> {
        let storage = folder.join("storage");
        let configuration = json!({
            // Every Caddy of the machine would use the same administration port.
            "admin": { "disabled": true },
            "storage": { "module": "file_system", "root": storage },
            "apps": {
                "http": {
                    "http_port": target.http_port,
                    "https_port": target.tls_port,
                    "servers": { "one": {
                        "listen": [target.tls().to_string()],
                        "routes": [{ "match": [{ "host": [name] }] }],
                        "automatic_https": { "disable_redirects": true },
                    }},
                },
                "tls": { "automation": {
                    "renew_interval": "1s",
                    "policies": [{
                        "subjects": [name],
                        "renewal_window_ratio": renewal_window,
                        "issuers": [{
                            "module": "acme",
                            "ca": target.directory,
                            "email": "admin@example.org",
                            "trusted_roots_pem_files": [target.root],
                            "challenges": {
                                "bind_host": target.address,
                                "http": {
                                    "disabled": challenge != Challenge::Http,
                                    "alternate_port": target.http_port,
                                },
                                "tls-alpn": {
                                    "disabled": challenge != Challenge::Tls,
                                    "alternate_port": target.tls_port,
                                },
                            },
                        }],
                    }],
                }},
            },
        });
        let file = folder.join("caddy.json");
        fs::write(&file, configuration.to_string()).map_err(Failure::io(file.display()))?;
        let service = Run::new(&tool.path, folder).arg("run").arg("--config").arg(&file).serve()?;
        Ok(Self { service, storage, name: name.to_owned() })
    }

    /// Waits for a certificate that differs from `last`; returns a copy of the chain.
    ///
    /// # Errors
    ///
    /// Caddy ends, or obtains nothing.
    pub async fn next_certificate(&mut self, last: Option<&Path>) -> Result<PathBuf, Failure> {
        let known = last.and_then(|file| fs::read(file).ok());
        let file = format!("{}.crt", self.name);
        let chain = self
            .service
            .until(|| {
                // There is a folder for each CA, with a name that Caddy derives from its URL.
                let issuers = fs::read_dir(self.storage.join("certificates")).ok()?;
                let chain = issuers
                    .filter_map(Result::ok)
                    .map(|issuer| issuer.path().join(&self.name).join(&file))
                    .find(|file| file.is_file())?;
                let bytes = fs::read(chain).ok()?;
                // Caddy writes the file in place: it is complete only when it ends as PEM does.
                (bytes.ends_with(b"-----END CERTIFICATE-----\n") && Some(&bytes) != known.as_ref()).then_some(bytes)
            })
            .await?;
        let copy = self.storage.join(if last.is_some() { "next.pem" } else { "first.pem" });
        fs::write(&copy, chain).map_err(Failure::io(copy.display()))?;
        Ok(copy)
    }

    /// Stops the server.
    ///
    /// # Errors
    ///
    /// Its end cannot be awaited.
    pub async fn stop(self) -> Result<(), Failure> {
        self.service.stop().await
    }
}
