//! A challenge server for tests: DNS, a web site, and the TLS responder of tls-alpn-01, all on free
//! loopback ports. A test sets their answers, good and bad, while the server runs.
//!
//! Every name under `.test` has the address 127.0.0.1 unless a test changes it. A management
//! endpoint gives the hooks of command-line clients the same control. Everything stops on drop.

#![allow(clippy::unwrap_used, reason = "a test server that cannot run is a failed test")]

mod dns;
mod management;
mod responder;
mod site;
mod zone;

use std::{
    future::Future,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use acme::KeyAuthorization;
use tokio::{
    net::{TcpListener, TcpStream, UdpSocket},
    task::JoinSet,
};
use validation::Rules;

pub use self::{
    responder::{AlpnAnswer, AlpnKey, Responder},
    site::{Page, Request, Site},
    zone::{DnsFault, Question, Zone},
};

/// A running challenge server.
pub struct ChallengeServer {
    /// The address of the DNS server, for UDP and TCP.
    pub dns_addr: SocketAddr,
    /// The port of the web site on 127.0.0.1, and on ::1 if the machine has it.
    pub http_port: u16,
    /// The port of the TLS responder; to clients that do not offer `acme-tls/1` it is the web site
    /// over TLS.
    pub tls_port: u16,
    /// The port of the management endpoint.
    pub management_port: u16,
    /// The DNS records, and the queries that were received.
    pub dns: Zone,
    /// The pages of the web site, and the requests that were received.
    pub web: Site,
    /// The certificates of the TLS responder.
    pub alpn: Responder,
    _tasks: JoinSet<()>,
}

impl ChallengeServer {
    /// Starts the server on free ports.
    pub async fn start() -> Self {
        let (dns, web, alpn) = (Zone::default(), Site::default(), Responder::default());
        let mut tasks = JoinSet::new();

        let (udp, tcp) = bind_dns().await;
        let dns_addr = udp.local_addr().unwrap();
        tasks.spawn(dns::serve_udp(udp, dns.clone()));
        tasks.spawn(serve(tcp, {
            let zone = dns.clone();
            move |stream| dns::serve_tcp(stream, zone.clone())
        }));

        let http_port = spawn(&mut tasks, {
            let site = web.clone();
            move |stream| site.clone().answer(stream, false)
        })
        .await;
        let tls_port = spawn(&mut tasks, {
            let (responder, site) = (alpn.clone(), web.clone());
            move |stream| responder.clone().answer(stream, site.clone())
        })
        .await;
        let management_port = spawn(&mut tasks, {
            let (zone, site) = (dns.clone(), web.clone());
            move |stream| management::answer(stream, zone.clone(), site.clone())
        })
        .await;

        Self { dns_addr, http_port, tls_port, management_port, dns, web, alpn, _tasks: tasks }
    }

    /// Serves `body` as the http-01 response for `token`.
    pub fn set_http(&self, token: &str, body: &str) {
        self.web.set(&well_known(token), Page::text(body));
    }

    /// Presents the certificate of RFC 8737 for `name`, which may be an address.
    pub fn set_alpn(&self, name: &str, key_authorization: &KeyAuthorization) {
        self.alpn.set(name, AlpnAnswer::new(name, key_authorization));
    }

    /// Adds the TXT record of dns-01 below `_acme-challenge.` of `name`.
    pub fn set_dns(&self, name: &str, key_authorization: &KeyAuthorization) {
        self.dns.add_txt(&format!("_acme-challenge.{name}"), &[&key_authorization.dns_value()]);
    }

    /// Forgets every answer that was set, and every question that was asked.
    pub fn forget(&self) {
        self.dns.forget();
        self.web.forget();
        self.alpn.forget();
    }

    /// Rules with which a validator finds this server and may connect to loopback addresses.
    pub fn rules(&self) -> Rules {
        Rules {
            resolver: Some(self.dns_addr),
            allowed_networks: vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
            http_port: self.http_port,
            tls_port: self.tls_port,
            ..Rules::default()
        }
    }
}

/// The path of the http-01 resource for `token`.
pub fn well_known(token: &str) -> String {
    format!("/.well-known/acme-challenge/{token}")
}

/// Binds UDP and TCP to the same free port.
async fn bind_dns() -> (UdpSocket, TcpListener) {
    loop {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            return (udp, tcp);
        }
    }
}

/// Serves on a free port of both loopback addresses and returns the port.
async fn spawn<H, F>(tasks: &mut JoinSet<()>, handle: H) -> u16
where
    H: Fn(TcpStream) -> F + Clone + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = v4.local_addr().unwrap().port();
    tasks.spawn(serve(v4, handle.clone()));
    if let Ok(v6) = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
        tasks.spawn(serve(v6, handle));
    }
    port
}

/// Handles each connection in a task of its own; all of them end with this future.
async fn serve<H, F>(listener: TcpListener, handle: H)
where
    H: Fn(TcpStream) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(handle(stream));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}
