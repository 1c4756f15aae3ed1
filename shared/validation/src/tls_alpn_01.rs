//! tls-alpn-01 (RFC 8737, and RFC 8738 §6 for addresses): a certificate made for validation,
//! presented in a TLS handshake with a protocol of its own.

use std::{net::IpAddr, sync::Arc};

use acme::Observation;
use rustls::pki_types::{DnsName, ServerName};
use tokio_rustls::TlsConnector;

use crate::{
    Failure, Lack, Probe,
    connection::{Connection, Dialer},
    fault::{Fault, TlsFault},
    host::Host,
    peer_certificate::{self, CertificateFault},
    tls,
};

/// Does the handshake and reads the certificate. No application data is exchanged (RFC 8737 §4).
pub(crate) async fn run(probe: &Probe, dialer: &Dialer<'_>) -> Result<Observation, Failure> {
    let host = Host::from(&probe.identifier);
    let connection = dialer.connect(&host, probe.rules.tls_port).await.map_err(|fault| fault.at(None))?;
    let address = connection.address;
    let outcome = match dialer.deadline.bound(handshake(probe, &host, connection)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(TlsFault::Slow),
    };
    match outcome {
        Ok(()) => {
            let (address, resolver) = (Some(address.ip()), probe.rules.resolver);
            Ok(Observation { address, resolver, ..Observation::default() }.with_seen(ACME_TLS_1))
        }
        Err(reason) => Err(Fault::Tls { host, address, reason }.at(Some(address.ip()))),
    }
}

async fn handshake(probe: &Probe, host: &Host, connection: Connection) -> Result<(), TlsFault> {
    let config = tls::leaf_key().map_err(|error| TlsFault::Handshake(error.to_string()))?;
    let name = DnsName::try_from(server_name(host)).map_err(|error| TlsFault::Handshake(error.to_string()))?;
    let stream = TlsConnector::from(Arc::new(config))
        .connect(ServerName::DnsName(name), connection.stream)
        .await
        .map_err(|error| Lack::of(&error).map_or_else(|| TlsFault::Handshake(error.to_string()), TlsFault::Lack))?;
    let (_, session) = stream.get_ref();
    if session.alpn_protocol() != Some(tls::ACME_TLS_1) {
        return Err(TlsFault::NoAlpn);
    }
    let leaf = session.peer_certificates().and_then(<[_]>::first).ok_or(CertificateFault::Unreadable)?;
    peer_certificate::check(leaf, host, &probe.key_authorization.digest())?;
    Ok(())
}

/// The protocol of the handshake, as the evidence names it.
const ACME_TLS_1: &str = "acme-tls/1";

/// The name for SNI, which cannot carry addresses: for an address it is the reverse-DNS name (RFC
/// 8738 §6).
fn server_name(host: &Host) -> String {
    match host {
        Host::Name(name) => name.to_string(),
        Host::Address(IpAddr::V4(v4)) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        Host::Address(IpAddr::V6(v6)) => {
            let nibbles = v6.octets().into_iter().rev().map(|byte| format!("{:x}.{:x}.", byte & 15, byte >> 4));
            nibbles.chain(["ip6.arpa".to_owned()]).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_asked_for_by_their_reverse_name() {
        let name = |text: &str| server_name(&Host::Address(text.parse().unwrap()));
        assert_eq!(name("192.0.2.1"), "1.2.0.192.in-addr.arpa");
        assert_eq!(name("2001:db8::1"), "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
    }
}
