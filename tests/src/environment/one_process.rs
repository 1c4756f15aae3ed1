//! The CA in one process: the host that `cargo run` starts, inside the test's process.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use host::{Config, Host};
use http::Uri;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use crate::{challenge_server::ChallengeServer, clock::TestClock};

use super::Counts;

/// A running host and its data folder.
pub(super) struct OneProcess {
    host: Host,
    config: Config,
    folder: TempDir,
    clock: TestClock,
}

impl OneProcess {
    /// Starts a host with an empty data folder.
    pub(super) async fn start(
        challenges: &ChallengeServer,
        clock: TestClock,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let folder = TempDir::with_prefix("serverless-acme-test").unwrap();
        let mut config = super::config(folder.path());
        config.listen = LOOPBACK;
        config.status_listen = LOOPBACK;
        config.dns_resolver = Some(challenges.dns_addr);
        config.http_port = challenges.http_port;
        config.tls_port = challenges.tls_port;
        change(&mut config);
        Self::launch(folder, config, clock).await
    }

    /// Stops the host and starts it again with the same data folder.
    pub(super) async fn restarted(self, change: impl FnOnce(&mut Config)) -> Self {
        let Self { host, mut config, folder, clock } = self;
        config.listen.set_port(port(host.base_url()));
        config.status_listen.set_port(port(host.status_url()));
        change(&mut config);
        host.stop().await;
        Self::launch(folder, config, clock).await
    }

    async fn launch(folder: TempDir, config: Config, clock: TestClock) -> Self {
        let host = Host::start_by(config.clone(), clock.shared()).await;
        let host = host.unwrap_or_else(|error| panic!("the host does not start: {error}"));
        Self { host, config, folder, clock }
    }

    /// Sends a request of an operator over the socket in the data folder.
    pub(super) async fn act(&self, request: Value) -> Result<Value, String> {
        let mut socket = UnixStream::connect(self.folder.path().join("admin.sock")).await.unwrap();
        socket.write_all(format!("{request}\n").as_bytes()).await.unwrap();
        let mut reply = Vec::new();
        socket.read_to_end(&mut reply).await.unwrap();
        let reply: Value = serde_json::from_slice(&reply).unwrap();
        match reply.get("refusal") {
            Some(refusal) => Err(refusal.as_str().unwrap().to_owned()),
            None => Ok(reply["answer"]["answer"].clone()),
        }
    }

    pub(super) fn clock(&self) -> &TestClock {
        &self.clock
    }

    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    pub(super) fn root(&self) -> PathBuf {
        self.folder.path().join("root.pem")
    }

    pub(super) fn counts(&self) -> Counts {
        let counts = self.host.store().counts();
        Counts { reads: counts.reads, writes: counts.writes }
    }
}

fn port(url: &str) -> u16 {
    url.parse::<Uri>().unwrap().port_u16().unwrap()
}

const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
