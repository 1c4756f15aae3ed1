//! The settings of the host for all validations.

use std::{net::SocketAddr, str::FromStr, sync::Arc};

use ipnet::IpNet;
use perspective::Perspectives;

use crate::Places;

/// The settings of the host for all validations.
#[derive(Clone, Debug)]
pub struct ValidationSettings {
    /// The resolver if the profile has none; if both are absent, the resolver of the system is
    /// used.
    pub resolver: Option<SocketAddr>,
    /// Special-purpose networks that validation may connect to in addition to those of the profile.
    pub allowed_networks: Vec<IpNet>,
    /// The port of http-01, by default 80 (RFC 8555 §8.3).
    pub http_port: u16,
    /// The port of tls-alpn-01, by default 443 (RFC 8737 §3).
    pub tls_port: u16,
    /// Treats every challenge as validated without a probe. For test CAs only.
    pub always_valid: bool,
    /// The remote perspectives, for the profiles that demand them.
    pub perspectives: Option<Arc<Perspectives>>,
    /// The places for the probes that run at once in this process.
    pub places: Places,
}

impl Default for ValidationSettings {
    /// The standard ports, the system's resolver, the public Internet, 512 concurrent probes.
    fn default() -> Self {
        Self {
            resolver: None,
            allowed_networks: Vec::new(),
            http_port: 80,
            tls_port: 443,
            always_valid: false,
            perspectives: None,
            places: Places::new(512),
        }
    }
}

impl ValidationSettings {
    /// From the variables `DNS_RESOLVER`, `ALLOWED_NETWORKS` (separated by commas), `HTTP_PORT` and
    /// `TLS_PORT`; absent or empty variables have their defaults.
    ///
    /// # Errors
    /// A variable has an invalid value.
    pub fn from_variables<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> Result<Self, SettingsError> {
        let standard = Self::default();
        let parsed = |name| variable(name).map(str::trim).filter(|value| !value.is_empty());
        let networks = parsed(NETWORKS).into_iter().flat_map(|value| value.split(',')).map(str::trim);
        let networks = networks.map(|network| read(NETWORKS, network, "networks such as 10.0.0.0/8, fd00::/8"));
        let port = |name, standard| match parsed(name) {
            Some(value) => read::<std::num::NonZeroU16>(name, value, "a port").map(u16::from),
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
}

/// A variable has an invalid value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable} is \"{value}\"; it should be {allowed}")]
pub struct SettingsError {
    /// The name of the variable.
    pub variable: &'static str,
    /// The present value.
    pub value: String,
    /// A description of valid values.
    pub allowed: &'static str,
}

fn read<T: FromStr>(variable: &'static str, value: &str, allowed: &'static str) -> Result<T, SettingsError> {
    value.parse().map_err(|_| SettingsError { variable, value: value.to_owned(), allowed })
}

const RESOLVER: &str = "DNS_RESOLVER";
const NETWORKS: &str = "ALLOWED_NETWORKS";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_and_empty_variables_take_their_defaults() {
        for value in [None, Some(""), Some(" ")] {
            let settings = ValidationSettings::from_variables(|_| value).unwrap();
            assert_eq!((settings.http_port, settings.tls_port, settings.resolver), (80, 443, None));
            assert!(settings.allowed_networks.is_empty());
        }
    }

    #[test]
    fn variables_are_read_and_a_refusal_names_the_variable() {
        let settings = ValidationSettings::from_variables(|name| match name {
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
            let error = ValidationSettings::from_variables(|name| (name == variable).then_some("0")).unwrap_err();
            assert_eq!((error.variable, error.value.as_str()), (variable, "0"));
        }
    }
}
