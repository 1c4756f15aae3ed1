//! The settings of the host for all validations.

use std::{net::SocketAddr, sync::Arc};

use ipnet::IpNet;
use perspective::Perspectives;
use validation::{Rules, VariableError};

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
    /// From the variables of [`Rules::from_variables`].
    ///
    /// # Errors
    /// A variable has an invalid value.
    pub fn from_variables<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> Result<Self, VariableError> {
        let Rules { resolver, allowed_networks, http_port, tls_port, .. } = Rules::from_variables(variable)?;
        Ok(Self { resolver, allowed_networks, http_port, tls_port, ..Self::default() })
    }
}
