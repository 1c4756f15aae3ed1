//! The configuration of the host, from flags, environment and configuration file.
//!
//! A flag takes precedence over its environment variable, that over the key in the file, and that
//! over the default.

mod arguments;
mod check;
mod disclosure;
mod error;
mod file;
mod settings;
mod url;
mod value;
mod webhook_url;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use acme::ProfileName;
use ca::IssuerKeyType;
use ipnet::IpNet;
use serde::Deserialize;
use store::{AcmeProfile, IssuerId, Limits, Preset, ProfileSet, RaProfile};

use crate::{role_groups::RoleGroup, trusted_proxies::TrustedProxies};

pub use error::ConfigError;
pub use url::{BaseUrl, StatusUrl};
pub use webhook_url::{WebhookUrl, WebhookUrlError};

pub use arguments::Arguments;
pub use settings::LogSettings;
pub use value::LogFormat;

/// Reads and checks the text of a configuration file.
#[cfg(fuzzing)]
pub(crate) fn check_text(text: &str) -> Result<(), ConfigError> {
    file::File::parse(text).map(drop).map_err(|flaw| flaw.at("ca.toml".into(), text))
}

/// The complete configuration of a host.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address of the HTTPS listener for ACME.
    pub listen: SocketAddr,
    /// The address of the plain-HTTP listener for CRLs and certificates of issuers.
    pub status_listen: SocketAddr,
    /// The public base of all ACME URLs; `https://localhost:<port of listen>/api` when absent.
    pub base_url: Option<BaseUrl>,
    /// The base of the URLs inside certificates; the host of the base URL and the port of
    /// `status_listen` when absent.
    pub status_url: Option<StatusUrl>,
    /// The proxies in front of it, which say for whom they ask.
    pub trusted_proxies: TrustedProxies,
    /// The groups of this machine that have roles of operators.
    pub admin_groups: Vec<RoleGroup>,
    /// The folder of their sockets.
    pub admin_sockets: PathBuf,
    /// The data folder.
    pub data: PathBuf,
    /// The resolver of validation; the system's when absent.
    pub dns_resolver: Option<SocketAddr>,
    /// The list of keys that may not be used.
    pub key_block_list: Option<PathBuf>,
    /// The file of remote perspectives.
    pub perspectives: Option<PathBuf>,
    /// The port that http-01 connects to.
    pub http_port: u16,
    /// The port that tls-alpn-01 connects to.
    pub tls_port: u16,
    /// The CA that the first start creates.
    pub ca: CaConfig,
    /// The ACME Profiles of the configuration. Profiles whose text has changed are applied; others
    /// in the store stay.
    pub acme_profiles: Vec<AcmeProfile>,
    /// The RA Profiles of the configuration.
    pub ra_profiles: Vec<RaProfile>,
    /// The delivery of events.
    pub events: EventsConfig,
    /// Whether what is left of a lost CA in the data folder is put aside for a new one.
    pub new_ca: bool,
    /// Whether an operator opened the CA: anyone who reaches it may register where a profile does
    /// not demand an external account.
    pub open: bool,
    /// Switches for testing clients.
    pub test: TestSwitches,
    /// Whether those switches are meant, although others rely on the CA.
    pub allow_test_switches: bool,
}

/// The delivery of events.
#[derive(Clone, Debug)]
pub struct EventsConfig {
    /// The webhook to which events are posted; when absent, events are only logged.
    pub webhook: Option<WebhookConfig>,
    /// The number of days before the expiry of a certificate at which the event about it is
    /// emitted; 0 means never.
    pub expiring_days: u16,
}

impl Default for EventsConfig {
    /// No webhook; fourteen days.
    fn default() -> Self {
        Self { webhook: None, expiring_days: 14 }
    }
}

/// The receiver of events, and how it is authenticated.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    /// The URL to which events are posted.
    pub url: WebhookUrl,
    /// The file with the secret that signs them; one in the data folder when absent.
    pub secret_file: Option<PathBuf>,
    /// A PEM file of certificates that are trusted in addition to the roots of the system.
    pub ca_file: Option<PathBuf>,
    /// Special-purpose networks that the webhook may be in.
    pub networks: Vec<IpNet>,
}

impl WebhookConfig {
    /// A webhook on this machine or in a private network, or anywhere on the Internet.
    pub fn new(url: WebhookUrl) -> Self {
        Self { url, secret_file: None, ca_file: None, networks: local_networks() }
    }
}

/// The root and the issuing CA that the first start creates. Later changes of these values have no
/// effect on an existing CA.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CaConfig {
    /// The common name of the root.
    pub root_name: String,
    /// The common name of the issuing CA.
    pub issuing_name: String,
    /// The organization in both names.
    pub organization: Option<String>,
    /// The type of the root's key.
    pub root_key: IssuerKeyType,
    /// The type of the issuing CA's key.
    pub issuing_key: IssuerKeyType,
    /// The lifetime of the root, in days.
    pub root_days: u32,
    /// The lifetime of the issuing CA, in days; it expires with the root at the latest.
    pub issuing_days: u32,
}

impl Default for CaConfig {
    /// P-256 keys; twenty years and ten.
    fn default() -> Self {
        Self {
            root_name: "serverless-acme Root CA".to_owned(),
            issuing_name: "serverless-acme Issuing CA".to_owned(),
            organization: None,
            root_key: IssuerKeyType::P256,
            issuing_key: IssuerKeyType::P256,
            root_days: 20 * 365,
            issuing_days: 10 * 365,
        }
    }
}

/// Deliberate faults, for testing clients. All are off by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TestSwitches {
    /// The percentage of valid nonces to refuse.
    pub nonce_refusals: u8,
    /// The delay before each validation.
    pub validation_delay: Duration,
    /// Whether every challenge is treated as valid without being validated.
    pub always_valid: bool,
    /// The maximum number of orders on a page of a list; 50 when absent.
    pub orders_per_page: Option<usize>,
}

impl TestSwitches {
    /// The switches that are on, by their keys in the configuration file.
    pub fn switched_on(&self) -> Vec<&'static str> {
        let (off, usual) = (Self::default(), ra::Settings::default().orders_per_page);
        let switches = [
            ("alwaysValid", self.always_valid != off.always_valid),
            ("nonceRefusals", self.nonce_refusals != off.nonce_refusals),
            ("ordersPerPage", self.orders_per_page.is_some_and(|count| count != usual)),
            ("validationDelay", self.validation_delay != off.validation_delay),
        ];
        switches.into_iter().filter(|(_, is_on)| *is_on).map(|(key, _)| key).collect()
    }
}

impl Config {
    /// The defaults, with this data folder. There are no profiles, so a new CA starts with the
    /// built-in ones.
    pub fn new(data: PathBuf) -> Self {
        let local = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        Self {
            listen: local(14000),
            status_listen: local(14080),
            base_url: None,
            status_url: None,
            trusted_proxies: TrustedProxies::default(),
            admin_groups: Vec::new(),
            admin_sockets: PathBuf::from(ADMIN_SOCKETS),
            data,
            dns_resolver: None,
            key_block_list: None,
            perspectives: None,
            http_port: 80,
            tls_port: 443,
            ca: CaConfig::default(),
            events: EventsConfig::default(),
            acme_profiles: Vec::new(),
            ra_profiles: Vec::new(),
            new_ca: false,
            open: false,
            test: TestSwitches::default(),
            allow_test_switches: false,
        }
    }
}

/// Where services keep their sockets; systemd makes it for a unit with `RuntimeDirectory`.
const ADMIN_SOCKETS: &str = "/run/serverless-acme";

/// The name of the root issuer.
pub const ROOT: &str = "root";
/// The name of the issuing CA.
pub const ISSUING: &str = "issuing";
/// The name of the built-in profiles.
pub const DEFAULT: &str = "default";

/// The built-in profiles, with which a new CA starts if its configuration has none: open
/// registration, with private networks and loopback allowed for validation.
pub fn built_in_profiles() -> ProfileSet {
    let (Ok(name), Ok(issuer)) = (DEFAULT.parse::<ProfileName>(), ISSUING.parse::<IssuerId>()) else {
        return ProfileSet::default();
    };
    let acme = AcmeProfile {
        description: "Open registration; validation may reach loopback and private networks.".to_owned(),
        ra_profile: Some(name.clone()),
        allowed_networks: local_networks(),
        limits: Limits::bounds(),
        ..AcmeProfile::new(name.clone())
    };
    let ra = RaProfile {
        description: "Certificates of 45 days, as the preset private says.".to_owned(),
        acme_profile: Some(name.clone()),
        ..RaProfile::of_preset(Preset::Private, name, issuer)
    };
    ProfileSet { acme_profile: vec![acme], ra_profile: vec![ra] }
}

/// The networks of a laptop and of the office around it. Link-local addresses, including those of
/// cloud metadata, are always refused, whatever this list says.
pub(crate) fn local_networks() -> Vec<IpNet> {
    let networks = ["127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];
    networks.iter().filter_map(|network| network.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_profiles_lead_to_each_other_and_reach_this_machine() {
        let config = Config::new(PathBuf::from("data"));
        assert!(config.acme_profiles.is_empty() && config.ra_profiles.is_empty(), "n14: there are none");
        let built_in = built_in_profiles();
        let ([acme], [ra]) = (&built_in.acme_profile[..], &built_in.ra_profile[..]) else { panic!("one of each") };
        assert_eq!((acme.name.as_str(), ra.name.as_str()), (DEFAULT, DEFAULT));
        assert_eq!(acme.ra_profile.as_ref(), Some(&ra.name));
        assert_eq!(ra.acme_profile.as_ref(), Some(&acme.name));
        assert_eq!(ra.issuer.as_str(), ISSUING);
        assert_eq!(acme.allowed_networks.len(), 6);
    }

    #[test]
    fn n12_the_first_profile_bounds_what_an_account_leaves_on_disk() {
        let set: Vec<&str> = built_in_profiles().acme_profile[0].limits.set().map(|(name, _)| name).collect();
        let bounds = ["pendingOrdersPerAccount", "pendingAuthorizationsPerAccount", "failedValidationsPerAccount"];
        assert_eq!(set, bounds, "no one else reaches it, so there are no rates");
    }
}
