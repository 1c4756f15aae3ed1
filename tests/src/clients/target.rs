//! The CA that a client uses, and the network in which it validates.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use store::{Preset, RaProfile};

/// A CA that clients can use.
pub trait Authority {
    /// The CA as clients see it. From now on its name server resolves `names`, and everything below
    /// them, to the address of the target.
    fn target(&self, names: &[&str]) -> impl Future<Output = Target> + Send;
}

/// The CA that a client uses, and the network in which it validates.
#[derive(Clone, Debug)]
pub struct Target {
    /// The URL of the directory.
    pub directory: String,
    /// The PEM file with the roots that clients trust: for the CA's HTTPS certificate and for the
    /// certificates that it issues.
    pub root: PathBuf,
    /// The address of every name in the tests, where clients and their web servers listen.
    pub address: IpAddr,
    /// The port that http-01 connects to.
    pub http_port: u16,
    /// The port that tls-alpn-01 connects to.
    pub tls_port: u16,
    /// The name server that the CA queries.
    pub resolver: SocketAddr,
    /// The URL that sets TXT records of that name server: `POST /set-txt` with
    /// `{"host":"name.","value":"text"}`, `POST /clear-txt` with `{"host":"name."}`.
    pub management: String,
    /// The URL of the directory's terms of service, to which clients have to agree; `None` if there
    /// are none.
    pub terms: Option<String>,
    /// The lifetime of a certificate when the client does not request one.
    pub lifetime: Duration,
}

impl Target {
    /// The lifetime of a certificate under the profile that a new CA has.
    pub(crate) fn of_first_profile() -> Duration {
        let name = "default".parse().expect("a profile's name");
        let profile = RaProfile::of_preset(Preset::Private, name, "issuing".parse().expect("an issuer's id"));
        Duration::from_secs(profile.certificate_validity.default.into())
    }

    /// The address at which an http-01 responder listens.
    pub fn http(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.http_port)
    }

    /// The address at which a tls-alpn-01 responder listens.
    pub fn tls(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.tls_port)
    }
}
