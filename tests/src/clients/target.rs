//! The CA that a client is pointed at, and the network in which it validates.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

/// A CA that can be given to clients.
pub trait Authority {
    /// Itself as a client sees it. From now on its name server leads `names`, and what is below
    /// them, to the address of the target.
    fn target(&self, names: &[&str]) -> impl Future<Output = Target> + Send;
}

/// The CA that a client is pointed at, and the network in which it validates.
#[derive(Clone, Debug)]
pub struct Target {
    /// The URL of the directory.
    pub directory: String,
    /// PEM file of what is trusted: the CA's own HTTPS certificate and every certificate it issues.
    pub root: PathBuf,
    /// The address behind every name of the tests; here clients and their web servers listen.
    pub address: IpAddr,
    /// The port to which http-01 connects.
    pub http_port: u16,
    /// The port to which tls-alpn-01 connects.
    pub tls_port: u16,
    /// The name server that the CA asks.
    pub resolver: SocketAddr,
    /// Sets the TXT records of that name server: `POST /set-txt` with
    /// `{"host":"name.","value":"text"}`, `POST /clear-txt` with `{"host":"name."}`.
    pub management: String,
    /// The terms of service that the directory names; a client is asked to agree to these and no
    /// others.
    pub terms: Option<String>,
    /// The life of a certificate for which the client asks no other.
    pub lifetime: Duration,
}

impl Target {
    /// Where an http-01 responder listens.
    pub fn http(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.http_port)
    }

    /// Where a tls-alpn-01 responder listens.
    pub fn tls(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.tls_port)
    }
}
