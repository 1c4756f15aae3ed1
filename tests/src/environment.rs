//! A CA of a test's own: the one-process host in this process, and the network around it.

use std::{net::SocketAddr, ops::Deref, path::PathBuf, sync::Arc, time::Duration};

use http::Uri;
use local::{Config, Host};
use serde_json::Value;
use store::embedded::{Counts, EmbeddedStore};
use tempfile::TempDir;

use crate::{
    challenge_server::ChallengeServer,
    client::{Algorithm, Client, Http, Key},
    clients::{Authority, Target},
};

/// A running CA with an empty data folder, on free ports. Everything ends on drop.
pub struct Environment {
    /// The network in which it validates.
    pub challenges: Arc<ChallengeServer>,
    http: Arc<Http>,
    host: Host,
    config: Config,
    folder: TempDir,
}

impl Environment {
    /// Starts with the default profiles.
    pub async fn start() -> Self {
        Self::configured(|_| {}).await
    }

    /// Starts with a configuration that `change` adapts.
    pub async fn configured(change: impl FnOnce(&mut Config)) -> Self {
        let challenges = Arc::new(ChallengeServer::start().await);
        let folder = TempDir::with_prefix("serverless-acme-test").unwrap();
        let mut config = Config::new(folder.path().to_owned());
        config.listen = LOOPBACK;
        config.status_listen = LOOPBACK;
        config.dns_resolver = Some(challenges.dns_addr);
        config.http_port = challenges.http_port;
        config.tls_port = challenges.tls_port;
        change(&mut config);
        Self::launch(challenges, folder, config).await
    }

    /// Stops it, and starts it again with its data folder and an adapted configuration. All URLs stay.
    pub async fn restarted(self, change: impl FnOnce(&mut Config)) -> Self {
        let Self { challenges, host, mut config, folder, .. } = self;
        config.listen.set_port(port(host.base_url()));
        config.status_listen.set_port(port(host.status_url()));
        change(&mut config);
        host.stop().await;
        Self::launch(challenges, folder, config).await
    }

    async fn launch(challenges: Arc<ChallengeServer>, folder: TempDir, config: Config) -> Self {
        let host = Host::start(config.clone()).await.unwrap_or_else(|error| panic!("the host does not start: {error}"));
        let http = Arc::new(Http::trusting(&folder.path().join("root.pem")));
        Self { challenges, http, host, config, folder }
    }

    /// The directory of that name: `default`, or `raProfile/default` in the other family.
    pub fn directory<'a>(&'a self, name: &'a str) -> Directory<'a> {
        Directory { environment: self, name }
    }

    /// Runs a test on the default directory of each family.
    pub async fn on_both_families(&self, test: impl AsyncFn(Directory<'_>)) {
        for name in FAMILIES {
            // Shown when the test fails.
            println!("on the directory {name}");
            test(self.directory(name)).await;
        }
    }

    /// HTTP that trusts the CA's root.
    pub fn http(&self) -> &Arc<Http> {
        &self.http
    }

    /// The CA itself.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The root certificate, PEM.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("root.pem")
    }

    /// What the CA remembers.
    pub fn store(&self) -> &EmbeddedStore {
        self.host.store()
    }

    /// How often the CA asked its store, with everything written that was answered.
    pub async fn settled_counts(&self) -> Counts {
        self.store().flush().await.unwrap();
        self.store().counts()
    }
}

/// Runs a test on the default directory of each family of one CA.
pub async fn on_both_families(test: impl AsyncFn(Directory<'_>)) {
    Environment::start().await.on_both_families(test).await;
}

/// One directory of a running CA.
#[derive(Clone, Copy)]
pub struct Directory<'a> {
    environment: &'a Environment,
    /// The part of the URL that names it.
    pub name: &'a str,
}

impl Directory<'_> {
    /// Its URL.
    pub fn url(&self) -> String {
        format!("{}/v1/protocols/acme/{}/directory", self.host.base_url(), self.name)
    }

    /// The same profile's directory in the other family.
    pub fn other(&self) -> Self {
        let name = FAMILIES.into_iter().find(|name| *name != self.name).unwrap();
        Self { name, ..*self }
    }

    /// A client without an account.
    pub async fn stranger(&self) -> Client {
        self.stranger_with(Key::p256()).await
    }

    /// A client without an account, with this key.
    pub async fn stranger_with(&self, key: impl Into<Arc<Key>>) -> Client {
        Client::new(self.http.clone(), self.challenges.clone(), &self.url(), key).await
    }

    /// A client with a new account.
    pub async fn client(&self) -> Client {
        self.stranger().await.registered().await
    }

    /// A client with a new account and a key of this kind.
    pub async fn client_with(&self, algorithm: Algorithm) -> Client {
        self.stranger_with(Key::generate(algorithm)).await.registered().await
    }
}

impl Deref for Directory<'_> {
    type Target = Environment;

    fn deref(&self) -> &Environment {
        self.environment
    }
}

impl Authority for Environment {
    async fn target(&self, names: &[&str]) -> Target {
        let address = [127, 0, 0, 2].into();
        for name in names {
            let name = name.trim_start_matches("*.");
            self.challenges.dns.set_addresses(name, &[&format!("{address}")]);
        }
        let directory = self.directory(FAMILIES[0]).url();
        let object: Value = self.http.get(&directory).await.expect(200).json();
        Target {
            directory,
            root: self.root(),
            address,
            http_port: self.challenges.http_port,
            tls_port: self.challenges.tls_port,
            resolver: self.challenges.dns_addr,
            management: format!("http://127.0.0.1:{}", self.challenges.management_port),
            terms: object["meta"]["termsOfService"].as_str().map(str::to_owned),
            lifetime: Duration::from_secs(store::Validity::default().default.into()),
        }
    }
}

fn port(url: &str) -> u16 {
    url.parse::<Uri>().unwrap().port_u16().unwrap()
}

const FAMILIES: [&str; 2] = ["default", "raProfile/default"];
const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
