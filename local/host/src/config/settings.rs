//! The settings of `serve`. Each is a flag, an environment variable and a key of the file.

use std::path::PathBuf;

use clap::Args;
use ipnet::IpNet;
use serde::Deserialize;
use tracing::level_filters::LevelFilter;

use super::{
    BaseUrl, CaConfig, Config, EventsConfig, StatusUrl, TestSwitches, WebhookConfig, WebhookUrl,
    value::{Address, LogFormat, LogLevel, Port, Seconds, Within},
};
use crate::{role_groups::RoleGroup, trusted_proxies::TrustedProxy};

/// The ordinary settings: the table `[serve]` of the file.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ServeSettings {
    /// The address of the ACME API, over HTTPS [key: serve.listen] [default: 127.0.0.1:14000]
    #[arg(long, env = "SERVERLESS_ACME_LISTEN", value_name = "IP:PORT")]
    listen: Option<Address>,
    /// The address on which CRLs and issuer certificates are served over plain HTTP
    /// [key: serve.statusListen] [default: 127.0.0.1:14080]
    #[arg(long, env = "SERVERLESS_ACME_STATUS_LISTEN", value_name = "IP:PORT")]
    status_listen: Option<Address>,
    /// The public base URL of the ACME API, if clients reach this host by another name or port
    /// [key: serve.baseUrl] [default: https://localhost:<port>/api]
    #[arg(long, env = "SERVERLESS_ACME_BASE_URL", value_name = "URL")]
    base_url: Option<BaseUrl>,
    /// Let anyone who reaches this CA register, without an external account. Needed where others
    /// can reach it: with a listening address or a base URL that is not this machine's
    /// [key: serve.open] [default: false]
    #[arg(
        long,
        env = "SERVERLESS_ACME_OPEN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL"
    )]
    open: Option<bool>,
    /// The base URL of CRLs and issuer certificates that is written into certificates; issued
    /// certificates keep the one they have [key: serve.statusUrl] [default: http://<host of the
    /// base URL>:<status port>]
    #[arg(long, env = "SERVERLESS_ACME_STATUS_URL", value_name = "URL")]
    status_url: Option<StatusUrl>,
    /// The addresses or networks of the proxies in front of this CA, separated by commas. Their
    /// X-Forwarded-For says who asks, and others can reach this CA through them
    /// [key: serve.trustedProxies] [default: none]
    #[arg(long, env = "SERVERLESS_ACME_TRUSTED_PROXIES", value_name = "ADDRESSES", value_delimiter = ',')]
    trusted_proxies: Option<Vec<TrustedProxy>>,
    /// The groups of this machine whose members are operators, each with the role that it has:
    /// ceremony, enrol, policy, revoke or view; separated by commas, such as view=auditors. Each
    /// role has a socket, which `serverless-acme admin --socket` asks [key: serve.adminGroups]
    /// [default: none]
    #[arg(long, env = "SERVERLESS_ACME_ADMIN_GROUPS", value_name = "ROLE=GROUP", value_delimiter = ',')]
    admin_groups: Option<Vec<RoleGroup>>,
    /// The folder of those sockets, which the groups must be able to enter
    /// [key: serve.adminSockets] [default: /run/serverless-acme]
    #[arg(long, env = "SERVERLESS_ACME_ADMIN_SOCKETS", value_name = "DIR")]
    admin_sockets: Option<PathBuf>,
    /// The folder for keys and state, created if it does not exist [key: serve.data]
    /// [default: serverless-acme-data]
    #[arg(long, env = "SERVERLESS_ACME_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Make a new CA if the data folder holds only a part of one that is lost; what is left is
    /// moved into a folder of its own. Has no effect on a whole CA [key: serve.newCa]
    /// [default: false]
    #[arg(
        long,
        env = "SERVERLESS_ACME_NEW_CA",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL"
    )]
    new_ca: Option<bool>,
    /// The DNS server that validation queries [key: serve.dnsResolver] [default: the system's]
    #[arg(long, env = "SERVERLESS_ACME_DNS_RESOLVER", value_name = "IP:PORT")]
    dns_resolver: Option<Address>,
    /// A file of keys that no account and no certificate may have, in the format of badkeys; it may
    /// be replaced while the CA runs [key: serve.keyBlockList] [default: none]
    #[arg(long, env = "SERVERLESS_ACME_KEY_BLOCK_LIST", value_name = "FILE")]
    key_block_list: Option<PathBuf>,
    /// A file of the remote perspectives that look, too, for profiles with perspectives = enforce
    /// [key: serve.perspectives] [default: none]
    #[arg(long, env = "SERVERLESS_ACME_PERSPECTIVES", value_name = "FILE")]
    perspectives: Option<PathBuf>,
    /// The port that http-01 validation connects to [key: serve.httpPort] [default: 80]
    #[arg(long, env = "SERVERLESS_ACME_HTTP_PORT", value_name = "PORT")]
    http_port: Option<Port>,
    /// The port that tls-alpn-01 validation connects to [key: serve.tlsPort] [default: 443]
    #[arg(long, env = "SERVERLESS_ACME_TLS_PORT", value_name = "PORT")]
    tls_port: Option<Port>,
    /// The format of the log, and of the start-up message on stdout
    /// [key: serve.log] [default: text]
    #[arg(long, env = "SERVERLESS_ACME_LOG", value_name = "FORMAT")]
    log: Option<LogFormat>,
    /// The file that the log is appended to; SIGHUP opens it again, after log rotation
    /// [key: serve.logFile] [default: none; the log goes to stderr]
    #[arg(long, env = "SERVERLESS_ACME_LOG_FILE", value_name = "FILE")]
    log_file: Option<PathBuf>,
    /// The log level; if it is not set, RUST_LOG applies [key: serve.logLevel]
    /// [default: info]
    #[arg(long, env = "SERVERLESS_ACME_LOG_LEVEL", value_name = "LEVEL")]
    log_level: Option<LogLevel>,
}

/// Where events are delivered: the table `[events]` of the file.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct EventsSettings {
    /// The URL to which signed events are posted: https://, or http:// on a loopback address
    /// [key: events.webhookUrl] [default: none; events are in the log]
    #[arg(long, env = "SERVERLESS_ACME_WEBHOOK_URL", value_name = "URL")]
    webhook_url: Option<WebhookUrl>,
    /// The file with the secret that signs events: `whsec_` followed by base64 [key:
    /// events.webhookSecretFile] [default: webhook.secret in the data folder, created if it does
    /// not exist]
    #[arg(long, env = "SERVERLESS_ACME_WEBHOOK_SECRET_FILE", value_name = "FILE")]
    webhook_secret_file: Option<PathBuf>,
    /// A PEM file with CA certificates to trust for the webhook, besides the system's
    /// [key: events.webhookCaFile] [default: only the system's]
    #[arg(long, env = "SERVERLESS_ACME_WEBHOOK_CA_FILE", value_name = "FILE")]
    webhook_ca_file: Option<PathBuf>,
    /// Special-purpose networks in which the webhook may be, such as 10.0.0.0/8, separated by
    /// commas; link-local networks are always refused [key: events.webhookNetworks] [default:
    /// loopback and private networks]
    #[arg(long, env = "SERVERLESS_ACME_WEBHOOK_NETWORKS", value_name = "NETWORKS", value_delimiter = ',')]
    webhook_networks: Option<Vec<IpNet>>,
    /// The number of days before its expiry at which an event reports a certificate that was not
    /// replaced; 0 for never [key: events.expiringDays] [default: 14]
    #[arg(long, env = "SERVERLESS_ACME_EXPIRING_DAYS", value_name = "DAYS")]
    expiring_days: Option<Within<0, 3650>>,
}

/// Deliberate faults for testing clients: the table `[test]` of the file.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TestSettings {
    /// The percentage of valid nonces to reject [key: test.nonceRefusals] [default: 0]
    #[arg(long, env = "SERVERLESS_ACME_NONCE_REFUSALS", value_name = "PERCENT")]
    nonce_refusals: Option<Within<0, 100>>,
    /// The delay before each validation [key: test.validationDelay] [default: 0]
    #[arg(long, env = "SERVERLESS_ACME_VALIDATION_DELAY", value_name = "SECONDS")]
    validation_delay: Option<Seconds>,
    /// Treat every challenge as valid without validating it: anyone gets any certificate [key:
    /// test.alwaysValid] [default: false]
    #[arg(
        long,
        env = "SERVERLESS_ACME_ALWAYS_VALID",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL"
    )]
    always_valid: Option<bool>,
    /// The maximum number of orders on a page of an orders list [key: test.ordersPerPage] [default:
    /// 50]
    #[arg(long, env = "SERVERLESS_ACME_ORDERS_PER_PAGE", value_name = "COUNT")]
    orders_per_page: Option<Within<1, 1000>>,
    /// Start with these switches although others rely on this CA: it is reachable, or has profiles
    /// of its operator [key: test.allowTestSwitches] [default: false]
    #[arg(
        long,
        env = "SERVERLESS_ACME_ALLOW_TEST_SWITCHES",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL"
    )]
    allow_test_switches: Option<bool>,
}

/// The format, the place and the level of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogSettings {
    /// Whether a log line is text or JSON.
    pub format: LogFormat,
    /// The file of the log, which goes to stderr when absent.
    pub file: Option<PathBuf>,
    /// The level; `None` leaves it to `RUST_LOG`.
    pub level: Option<LevelFilter>,
}

impl ServeSettings {
    /// The settings of the log.
    pub(super) fn log(&self) -> LogSettings {
        LogSettings {
            format: self.log.unwrap_or_default(),
            file: self.log_file.clone(),
            level: self.log_level.map(LevelFilter::from),
        }
    }

    /// These settings, completed by the `other` ones.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            listen: self.listen.or(other.listen),
            status_listen: self.status_listen.or(other.status_listen),
            base_url: self.base_url.or(other.base_url),
            open: self.open.or(other.open),
            new_ca: self.new_ca.or(other.new_ca),
            status_url: self.status_url.or(other.status_url),
            trusted_proxies: self.trusted_proxies.or(other.trusted_proxies),
            admin_groups: self.admin_groups.or(other.admin_groups),
            admin_sockets: self.admin_sockets.or(other.admin_sockets),
            data: self.data.or(other.data),
            dns_resolver: self.dns_resolver.or(other.dns_resolver),
            key_block_list: self.key_block_list.or(other.key_block_list),
            perspectives: self.perspectives.or(other.perspectives),
            http_port: self.http_port.or(other.http_port),
            tls_port: self.tls_port.or(other.tls_port),
            log: self.log.or(other.log),
            log_file: self.log_file.or(other.log_file),
            log_level: self.log_level.or(other.log_level),
        }
    }
}

impl EventsSettings {
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            webhook_url: self.webhook_url.or(other.webhook_url),
            webhook_secret_file: self.webhook_secret_file.or(other.webhook_secret_file),
            webhook_ca_file: self.webhook_ca_file.or(other.webhook_ca_file),
            webhook_networks: self.webhook_networks.or(other.webhook_networks),
            expiring_days: self.expiring_days.or(other.expiring_days),
        }
    }
}

impl From<EventsSettings> for EventsConfig {
    fn from(settings: EventsSettings) -> Self {
        let default = Self::default();
        let webhook = settings.webhook_url.map(|url| {
            let webhook = WebhookConfig::new(url);
            WebhookConfig {
                secret_file: settings.webhook_secret_file,
                ca_file: settings.webhook_ca_file,
                networks: settings.webhook_networks.unwrap_or(webhook.networks),
                ..webhook
            }
        });
        Self { webhook, expiring_days: settings.expiring_days.map_or(default.expiring_days, |days| days.0) }
    }
}

impl TestSettings {
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            nonce_refusals: self.nonce_refusals.or(other.nonce_refusals),
            validation_delay: self.validation_delay.or(other.validation_delay),
            always_valid: self.always_valid.or(other.always_valid),
            orders_per_page: self.orders_per_page.or(other.orders_per_page),
            allow_test_switches: self.allow_test_switches.or(other.allow_test_switches),
        }
    }
}

/// The configuration that the settings describe, completed by the defaults.
pub(super) fn config(serve: ServeSettings, test: TestSettings, ca: CaConfig) -> Config {
    let default = Config::new(serve.data.unwrap_or_else(|| PathBuf::from(DATA)));
    Config {
        listen: serve.listen.map_or(default.listen, |address| address.0),
        status_listen: serve.status_listen.map_or(default.status_listen, |address| address.0),
        base_url: serve.base_url,
        status_url: serve.status_url,
        trusted_proxies: serve.trusted_proxies.into_iter().flatten().collect(),
        admin_groups: serve.admin_groups.unwrap_or_default(),
        admin_sockets: serve.admin_sockets.unwrap_or(default.admin_sockets),
        dns_resolver: serve.dns_resolver.map(|address| address.0),
        key_block_list: serve.key_block_list,
        perspectives: serve.perspectives,
        http_port: serve.http_port.map_or(default.http_port, |port| port.0),
        tls_port: serve.tls_port.map_or(default.tls_port, |port| port.0),
        ca,
        new_ca: serve.new_ca.unwrap_or_default(),
        open: serve.open.unwrap_or_default(),
        allow_test_switches: test.allow_test_switches.unwrap_or_default(),
        test: TestSwitches {
            nonce_refusals: test.nonce_refusals.map_or(0, |percent| u8::try_from(percent.0).unwrap_or(100)),
            validation_delay: test.validation_delay.map(|delay| delay.0).unwrap_or_default(),
            always_valid: test.always_valid.unwrap_or_default(),
            orders_per_page: test.orders_per_page.map(|count| count.0.into()),
        },
        ..default
    }
}

const DATA: &str = "serverless-acme-data";
