//! All outbound connections: resolve the name, check the address, connect to that very address.

use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpStream;

use crate::{Lack, Rules, deadline::Deadline, fault::Fault, host::Host, limited::Limited, resolver::Resolver};

/// Opens the connections of one probe.
pub(crate) struct Dialer<'a> {
    /// The rules of the probe.
    pub(crate) rules: &'a Rules,
    /// When the probe ends at the latest.
    pub(crate) deadline: Deadline,
    /// The DNS client of the probe.
    pub(crate) resolver: Resolver<'a>,
}

impl<'a> Dialer<'a> {
    /// Starts a probe under `rules` now.
    pub(crate) fn new(rules: &'a Rules) -> Self {
        let deadline = Deadline::after(rules.timeout);
        Self { rules, deadline, resolver: Resolver::new(rules, deadline) }
    }

    /// Connects to `host`: over IPv6 if it has such an address, otherwise, or if that cannot be
    /// reached, over IPv4. The name is resolved once and the connection goes to the address that
    /// was checked, so an answer that changes between check and use (DNS rebinding) has no effect.
    pub(crate) async fn connect(&self, host: &Host, port: u16) -> Result<Connection, Fault> {
        let mut attempts = Vec::new();
        for address in self.candidates(host).await? {
            let socket = SocketAddr::new(address, port);
            let limit = self.deadline.or_after(self.rules.connect_timeout);
            match limit.bound(TcpStream::connect(socket)).await {
                Ok(Ok(stream)) => {
                    return Ok(Connection { stream: Limited::new(stream, READ_LIMIT), address: socket });
                }
                Ok(Err(error)) => match Lack::towards(address, &error) {
                    // Another address may answer, but not before there is something to ask with.
                    Some(lack) => return Err(Fault::Lack(lack)),
                    None => attempts.push((socket, error.kind().to_string())),
                },
                Err(_) => attempts.push((socket, "no answer in time".to_owned())),
            }
        }
        Err(Fault::Unreachable { host: host.clone(), attempts })
    }

    /// The addresses to try, in order: at least one, and at most one of each family.
    async fn candidates(&self, host: &Host) -> Result<Vec<IpAddr>, Fault> {
        let addresses = match host {
            Host::Address(address) => vec![*address],
            Host::Name(name) => self.resolver.addresses(name).await?,
        };
        candidates(host, addresses, self.rules)
    }
}

/// Those of the addresses that are tried, in their order: at most one of each family.
pub(crate) fn candidates(
    host: &Host,
    addresses: impl IntoIterator<Item = IpAddr>,
    rules: &Rules,
) -> Result<Vec<IpAddr>, Fault> {
    let rules = rules.addresses();
    let (mut v6, mut v4, mut refusal) = (None, None, None);
    for address in addresses {
        match rules.check(address) {
            Ok(()) if address.is_ipv6() => v6 = v6.or(Some(address)),
            Ok(()) => v4 = v4.or(Some(address)),
            Err(reason) => refusal = refusal.or(Some(reason)),
        }
    }
    match (v6, v4, refusal) {
        (None, None, Some(reason)) => Err(Fault::Forbidden { host: host.clone(), reason }),
        _ => Ok(v6.into_iter().chain(v4).collect()),
    }
}

/// A TCP connection to an address that the rules allow.
#[derive(Debug)]
pub struct Connection {
    /// The byte stream; reading ends with an error after 64 KiB.
    pub stream: Limited<TcpStream>,
    /// The address of the server.
    pub address: SocketAddr,
}

/// The most that is read from a server, in bytes: more than verbose headers or a long certificate
/// chain have.
const READ_LIMIT: usize = 64 * 1024;
