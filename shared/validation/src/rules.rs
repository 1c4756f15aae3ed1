//! The rules of a validation attempt, which come from the profile.

use std::{net::SocketAddr, num::NonZeroU16, str::FromStr, time::Duration};

use ipnet::IpNet;

use crate::address::AddressRules;

/// The rules of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The DNS server for all queries; `None` for those of the system, after the hosts file.
    pub resolver: Option<SocketAddr>,
    /// Whether that server validates DNSSEC: an answer with a broken chain of signatures is none,
    /// and what it says of the others is evidence. Says nothing without `resolver`.
    pub validates: bool,
    /// Special-purpose networks that may be contacted; see [`AddressRules::new`].
    pub allowed_networks: Vec<IpNet>,
    /// The port that http-01 connects to. RFC 8555 §8.3 requires 80; tests use others.
    pub http_port: u16,
    /// The port that tls-alpn-01 connects to. RFC 8737 §3 requires 443; tests use others.
    pub tls_port: u16,
    /// The time limit of the whole probe.
    pub timeout: Duration,
    /// The time limit of one DNS query to one server; a query is sent twice.
    pub dns_timeout: Duration,
    /// The time limit of one TCP connection attempt. It is well below half of `timeout`, so that
    /// IPv4 is tried after an IPv6 address that does not answer.
    pub connect_timeout: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            resolver: None,
            validates: false,
            allowed_networks: Vec::new(),
            http_port: HTTP_PORT,
            tls_port: TLS_PORT,
            timeout: Duration::from_secs(10),
            dns_timeout: Duration::from_secs(3),
            connect_timeout: Duration::from_secs(4),
        }
    }
}

impl Rules {
    /// From the variables `DNS_RESOLVER`, `ALLOWED_NETWORKS` (separated by commas), `HTTP_PORT` and
    /// `TLS_PORT` of a Lambda function; absent or empty variables have their defaults.
    ///
    /// # Errors
    /// A variable has an invalid value.
    pub fn from_variables<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> Result<Self, VariableError> {
        let standard = Self::default();
        let parsed = |name| variable(name).map(str::trim).filter(|value| !value.is_empty());
        let networks = parsed(NETWORKS).into_iter().flat_map(|value| value.split(',')).map(str::trim);
        let networks = networks.map(|network| read(NETWORKS, network, "networks such as 10.0.0.0/8, fd00::/8"));
        let port = |name, standard| match parsed(name) {
            Some(value) => read::<NonZeroU16>(name, value, "a port").map(u16::from),
            None => Ok(standard),
        };
        Ok(Self {
            resolver: parsed(RESOLVER).map(|value| read(RESOLVER, value, "an address with a port")).transpose()?,
            allowed_networks: networks.collect::<Result<_, _>>()?,
            http_port: port("HTTP_PORT", standard.http_port)?,
            tls_port: port("TLS_PORT", standard.tls_port)?,
            ..standard
        })
    }

    /// The rule for outbound connections.
    pub fn addresses(&self) -> AddressRules<'_> {
        AddressRules::new(&self.allowed_networks)
    }
}

/// A variable has an invalid value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable} is \"{value}\"; it should be {allowed}")]
pub struct VariableError {
    /// The name of the variable.
    pub variable: &'static str,
    /// The present value.
    pub value: String,
    /// A description of valid values.
    pub allowed: &'static str,
}

fn read<T: FromStr>(variable: &'static str, value: &str, allowed: &'static str) -> Result<T, VariableError> {
    value.parse().map_err(|_| VariableError { variable, value: value.to_owned(), allowed })
}

/// The port of `http` URLs.
pub(crate) const HTTP_PORT: u16 = 80;
/// The port of `https` URLs.
pub(crate) const TLS_PORT: u16 = 443;
const RESOLVER: &str = "DNS_RESOLVER";
const NETWORKS: &str = "ALLOWED_NETWORKS";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_and_empty_variables_take_their_defaults() {
        for value in [None, Some(""), Some(" ")] {
            let settings = Rules::from_variables(|_| value).unwrap();
            assert_eq!((settings.http_port, settings.tls_port, settings.resolver), (80, 443, None));
            assert!(settings.allowed_networks.is_empty());
        }
    }

    #[test]
    fn variables_are_read_and_a_refusal_names_the_variable() {
        let settings = Rules::from_variables(|name| match name {
            "DNS_RESOLVER" => Some("10.0.0.2:53"),
            "ALLOWED_NETWORKS" => Some("10.0.0.0/8, fd00::/8"),
            "HTTP_PORT" => Some("5002"),
            _ => None,
        });
        let settings = settings.unwrap();
        assert_eq!(settings.resolver, Some("10.0.0.2:53".parse().unwrap()));
        assert_eq!(settings.allowed_networks, ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        assert_eq!(settings.http_port, 5002);
        for variable in ["DNS_RESOLVER", "ALLOWED_NETWORKS", "HTTP_PORT", "TLS_PORT"] {
            let error = Rules::from_variables(|name| (name == variable).then_some("0")).unwrap_err();
            assert_eq!((error.variable, error.value.as_str()), (variable, "0"));
        }
    }
}
