//! Traefik: a reverse proxy that obtains certificates for the hosts of its routers, with lego as a
//! library.
//!
//! It keeps accounts and certificates in one JSON file, and gets its root from
//! `LEGO_CA_CERTIFICATES`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    Failure, Target, Tool,
    lego::Challenge,
    run::{Run, Service},
};

/// A running Traefik.
#[derive(Debug)]
pub struct Traefik {
    service: Service,
    folder: PathBuf,
}

impl Traefik {
    /// The program that must be installed.
    pub const PROGRAM: &str = "traefik";

    /// Starts a proxy for one name, with all state in `folder`.
    ///
    /// # Errors
    ///
    /// Traefik does not start.
    pub fn start(
        target: &Target,
        tool: &Tool,
        folder: &Path,
        name: &str,
        challenge: Challenge,
    ) -> Result<Self, Failure> {
        let challenge = match challenge {
            Challenge::Tls => json!({ "tlsChallenge": {} }),
            _ => json!({ "httpChallenge": { "entryPoint": "http" } }),
        };
        let mut acme = json!({
            "email": "admin@example.org", "caServer": target.directory, "storage": folder.join(STORAGE),
            "keyType": "EC256",
        });
        if let (Some(acme), Some(challenge)) = (acme.as_object_mut(), challenge.as_object()) {
            acme.extend(challenge.clone());
        }
        let settings = json!({
            "entryPoints": {
                "http": { "address": target.http().to_string() }, "https": { "address": target.tls().to_string() },
            },
            "certificatesResolvers": { "ca": { "acme": acme } },
            "providers": { "file": { "filename": folder.join("routes.yml") } },
        });
        let router = json!({
            "rule": format!("Host(`{name}`)"), "entryPoints": ["https"], "service": "none",
            "tls": { "certResolver": "ca" },
        });
        let service = json!({ "loadBalancer": { "servers": [{ "url": "http://127.0.0.1:9" }] } });
        let table = json!({ "http": { "routers": { "one": router }, "services": { "none": service } } });
        // JSON is YAML, too.
        let file = folder.join("traefik.yml");
        fs::write(&file, settings.to_string()).map_err(Failure::io(file.display()))?;
        let routes = folder.join("routes.yml");
        fs::write(&routes, table.to_string()).map_err(Failure::io(routes.display()))?;
        let service = Run::new(&tool.path, folder)
            .env("LEGO_CA_CERTIFICATES", &target.root)
            .arg(format!("--configFile={}", file.display()))
            .serve()?;
        Ok(Self { service, folder: folder.to_path_buf() })
    }

    /// Waits for a certificate; returns the chain.
    ///
    /// # Errors
    ///
    /// Traefik ends, or obtains nothing.
    pub async fn certificate(&mut self) -> Result<PathBuf, Failure> {
        let storage = self.folder.join(STORAGE);
        let chain = self
            .service
            .until(|| {
                let stored: Value = serde_json::from_slice(&fs::read(&storage).ok()?).ok()?;
                STANDARD.decode(stored["ca"]["Certificates"][0]["certificate"].as_str()?).ok()
            })
            .await?;
        let file = self.folder.join("chain.pem");
        fs::write(&file, chain).map_err(Failure::io(file.display()))?;
        Ok(file)
    }

    /// Stops the proxy.
    ///
    /// # Errors
    ///
    /// Its end cannot be awaited.
    pub async fn stop(self) -> Result<(), Failure> {
        self.service.stop().await
    }
}

const STORAGE: &str = "acme.json";
