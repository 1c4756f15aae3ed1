//! The proxies that an operator trusts to say for whom they ask.
//!
//! A proxy is one source of connections, however many clients are behind it: neither shares of
//! connections nor lines of the log can go by its address. The client is therefore taken from what
//! a named proxy writes at the end of `X-Forwarded-For`. Anyone can send that header, so everyone
//! else's is ignored. So is `Forwarded` (RFC 7239): a proxy writes one of the two, and passes on
//! the other as its client sent it. Nor do URLs ever depend on what a proxy says.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
    sync::Arc,
};

use http::{HeaderMap, HeaderName};
use ipnet::{IpNet, Ipv4Net};

/// The proxies whose `X-Forwarded-For` is believed; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Arc<[TrustedProxy]>);

/// The address of a proxy, or the network of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustedProxy(IpNet);

impl TrustedProxies {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many addresses and networks there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether this is the address of one of them. An IPv4 address in IPv6 form is the same one.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|proxy| proxy.0.contains(&address))
    }

    /// Who asks with these headers on a connection from `peer`: that address, or what a trusted
    /// proxy says. A proxy that says nothing readable asks for itself.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.contains(peer) {
            return peer;
        }
        self.forwarded_for(headers).unwrap_or(peer)
    }

    /// The last address that is not one of a trusted proxy itself. Each proxy appends the address
    /// that it was asked from, so whatever stands before that one may be written by anyone. A
    /// header of several lines is one list (RFC 9110 §5.3).
    fn forwarded_for(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let lines = headers.get_all(X_FORWARDED_FOR).iter().rev();
        for entry in lines.flat_map(|line| line.as_bytes().rsplit(|octet| *octet == b',')).take(MAX_PROXIES) {
            let address = address(entry)?;
            if !self.contains(address) {
                return Some(address);
            }
        }
        None
    }
}

impl FromIterator<TrustedProxy> for TrustedProxies {
    fn from_iter<I: IntoIterator<Item = TrustedProxy>>(proxies: I) -> Self {
        Self(proxies.into_iter().collect())
    }
}

impl fmt::Display for TrustedProxies {
    /// As on the command line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, proxy) in self.0.iter().enumerate() {
            write!(f, "{}{proxy}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl FromStr for TrustedProxy {
    type Err = TrustedProxyError;

    fn from_str(text: &str) -> Result<Self, TrustedProxyError> {
        let one = || text.parse::<IpAddr>().map(IpNet::from);
        let network = canonical(text.parse::<IpNet>().or_else(|_| one()).map_err(|_| TrustedProxyError::Form)?);
        let narrowest = match network {
            IpNet::V4(_) => MIN_PREFIX_V4,
            IpNet::V6(_) => MIN_PREFIX_V6,
        };
        if network.prefix_len() < narrowest {
            return Err(TrustedProxyError::Wide(network));
        }
        if network.addr() != network.network() {
            return Err(TrustedProxyError::Host { written: network, network: network.trunc() });
        }
        if network.addr().is_unspecified() || network.addr().is_multicast() {
            return Err(TrustedProxyError::NoSource(network));
        }
        Ok(Self(network))
    }
}

acme::text_form!(Deserialize for TrustedProxy);

impl fmt::Display for TrustedProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() { self.0.addr().fmt(f) } else { self.0.fmt(f) }
    }
}

/// Why a value names no trusted proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustedProxyError {
    /// It is neither an address nor a network.
    #[error("expected the address of a proxy or the network of several, such as 192.0.2.7 or 10.1.2.0/24")]
    Form,
    /// It is an address with the length of a network, so one of the two is not meant.
    #[error("{written} is an address inside a network: write {} for the proxy alone, or {network} for all in its network", .written.addr())]
    Host {
        /// As it was written, with bits below the prefix.
        written: IpNet,
        /// The network that the address is in.
        network: IpNet,
    },
    /// No connection comes from there.
    #[error("no connection comes from {0}: name the address that the proxy connects from")]
    NoSource(IpNet),
    /// Clients are in it, too.
    #[error(
        "{0} is wider than any private network, so clients are in it, and each could write any address: name the addresses of the proxies alone (a network has at least /{MIN_PREFIX_V4}, or /{MIN_PREFIX_V6} for IPv6)"
    )]
    Wide(IpNet),
}

/// Writes a network of mapped IPv4 addresses as the IPv4 network that it is, because addresses are
/// compared in that form.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(mapped) = network else { return network };
    let prefix = mapped.prefix_len().checked_sub(MAPPED_PREFIX);
    let mapped = mapped.addr().to_ipv4_mapped().zip(prefix);
    mapped.and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok()).map_or(network, IpNet::V4)
}

/// An address in the list, which some proxies write with a port, or an IPv6 one in brackets.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(entry.trim_ascii()).ok()?;
    let address = text.parse().or_else(|_| text.parse().map(|address: SocketAddr| address.ip()));
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    address.ok().or_else(in_brackets).map(|address: IpAddr| address.to_canonical())
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// More entries than proxies stand behind each other; what is before them is not read.
const MAX_PROXIES: usize = 16;
/// As 10.0.0.0/8, the widest private network.
const MIN_PREFIX_V4: u8 = 8;
/// As fc00::/7, that of all unique local addresses.
const MIN_PREFIX_V6: u8 = 7;
const MAPPED_PREFIX: u8 = 96;

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn proxies(text: &str) -> TrustedProxies {
        text.split(',').map(|proxy| proxy.parse::<TrustedProxy>().unwrap()).collect()
    }

    /// Who asks according to proxies at 10.0.0.0/8 and ::1, with these lines of the header.
    fn client(peer: &str, lines: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_bytes(line).unwrap());
        }
        headers.insert("forwarded", HeaderValue::from_static("for=203.0.113.99"));
        proxies("10.0.0.0/8,::1").client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn the_client_is_the_last_address_that_is_no_trusted_proxy() {
        for (lines, expected) in [
            (&[&b"192.0.2.1"[..]][..], "192.0.2.1"),
            (&[b"198.51.100.1, 192.0.2.1"], "192.0.2.1"),
            (&[b"198.51.100.1,192.0.2.1 ,\t10.0.0.7, 10.255.0.1"], "192.0.2.1"),
            (&[b"198.51.100.1", b"192.0.2.1", b"10.0.0.7"], "192.0.2.1"),
            (&[b"2001:db8::1"], "2001:db8::1"),
            (&[b"2001:db8::1, ::ffff:10.0.0.1, ::1"], "2001:db8::1"),
            (&[b"::ffff:192.0.2.1"], "192.0.2.1"),
            (&[b"192.0.2.1:4711"], "192.0.2.1"),
            (&[b"[2001:db8::1]:4711"], "2001:db8::1"),
            (&[b"[2001:db8::1]"], "2001:db8::1"),
            // What stands before it is the client's own, and decides nothing.
            (&[b"\xff\xfe, ,unknown,192.0.2.1"], "192.0.2.1"),
        ] {
            assert_eq!(client("10.0.0.1", lines), expected, "{lines:?}");
            assert_eq!(client("::ffff:10.0.0.1", lines), expected, "{lines:?}");
            assert_eq!(client("::1", lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn what_anyone_else_says_is_ignored() {
        for peer in ["192.0.2.9", "11.0.0.1", "2001:db8::9"] {
            assert_eq!(client(peer, &[b"192.0.2.1"]), peer);
            assert_eq!(client(peer, &[b"10.0.0.1"]), peer);
        }
        let none = TrustedProxies::default();
        let headers = HeaderMap::from_iter([(X_FORWARDED_FOR, HeaderValue::from_static("192.0.2.1"))]);
        assert_eq!(none.client(IpAddr::from([127, 0, 0, 1]), &headers), IpAddr::from([127, 0, 0, 1]));
    }

    #[test]
    fn a_proxy_that_says_nothing_readable_asks_for_itself() {
        let long = "1".repeat(60_000);
        let proxies = "10.0.0.2,".repeat(1000);
        for lines in [
            &[][..],
            &[&b""[..]],
            &[b","],
            &[b"192.0.2.1,"],
            &[b"192.0.2.1, unknown"],
            &[b"192.0.2.1, 10.0.0.2, _hidden"],
            &[b"192.0.2.1, 192.0.2.256"],
            &[b"192.0.2.1, fe80::1%eth0"],
            &[b"192.0.2.1, [::1"],
            &[b"192.0.2.1, for=192.0.2.1"],
            &[b"192.0.2.1, \xff"],
            &[b"10.0.0.2, 10.0.0.3"],
            &[long.as_bytes()],
            &[format!("192.0.2.1,{proxies}10.0.0.2").as_bytes()],
        ] {
            assert_eq!(client("10.0.0.1", lines), "10.0.0.1", "{:?}", lines.iter().map(|line| line.len()));
        }
    }

    #[test]
    fn a_long_list_is_read_from_its_end_and_no_further_than_proxies_can_be() {
        let before = "192.0.2.9,".repeat(1000);
        let after = ",10.0.0.2".repeat(MAX_PROXIES - 1);
        assert_eq!(client("10.0.0.1", &[format!("{before}192.0.2.1").as_bytes()]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &[format!("{before}192.0.2.1{after}").as_bytes()]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &[format!("{before}192.0.2.1{after},10.0.0.2").as_bytes()]), "10.0.0.1");
    }

    #[test]
    fn proxies_are_addresses_or_networks_and_print_as_they_are_written() {
        for text in ["192.0.2.7", "10.0.0.0/8", "10.1.2.0/24", "2001:db8::1", "fc00::/7", "127.0.0.1,::1,10.0.0.0/8"] {
            assert_eq!(proxies(text).to_string(), text);
        }
        for (text, printed) in [
            ("192.0.2.7/32", "192.0.2.7"),
            ("2001:db8::1/128", "2001:db8::1"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ] {
            assert_eq!(proxies(text).to_string(), printed);
        }
        assert!(TrustedProxies::default().is_empty() && !proxies("::1").is_empty());
    }

    #[test]
    fn a_value_that_would_trust_clients_or_no_one_is_refused_with_what_to_write() {
        for (text, expected) in [
            ("", "such as 192.0.2.7 or 10.1.2.0/24"),
            ("proxy.example", "such as 192.0.2.7 or 10.1.2.0/24"),
            ("10.0.0.0/33", "such as 192.0.2.7 or 10.1.2.0/24"),
            ("192.0.2.7:443", "such as 192.0.2.7 or 10.1.2.0/24"),
            ("0.0.0.0/0", "0.0.0.0/0 is wider than any private network"),
            ("::/0", "::/0 is wider than any private network"),
            ("128.0.0.0/1", "at least /8, or /7 for IPv6"),
            ("10.0.0.0/7", "10.0.0.0/7 is wider than any private network"),
            ("fc00::/6", "fc00::/6 is wider than any private network"),
            ("2000::/3", "at least /8, or /7 for IPv6"),
            ("::ffff:0.0.0.0/96", "0.0.0.0/0 is wider than any private network"),
            ("10.1.2.3/24", "write 10.1.2.3 for the proxy alone, or 10.1.2.0/24 for all in its network"),
            ("0.0.0.0", "no connection comes from 0.0.0.0/32"),
            ("::", "no connection comes from ::/128"),
            ("224.0.0.0/8", "no connection comes from 224.0.0.0/8"),
        ] {
            let refusal = text.parse::<TrustedProxy>().unwrap_err().to_string();
            assert!(refusal.contains(expected), "{text}: {refusal}");
        }
    }
}
