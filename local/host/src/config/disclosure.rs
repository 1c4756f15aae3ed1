//! What the configuration of the host discloses in a support bundle.

use std::collections::BTreeMap;

use operator::{Disclosure, WITHHELD};

use super::{BaseUrl, CaConfig, Config, EventsConfig, StatusUrl, TestSwitches, WebhookConfig, WebhookUrl};
use crate::trusted_proxies::TrustedProxies;

impl Config {
    /// The settings by their keys in the configuration file. Every field is named here, so that a
    /// new one is decided about; profiles are records of the store.
    pub(crate) fn disclosed(&self) -> BTreeMap<String, String> {
        let Self {
            listen,
            status_listen,
            base_url,
            status_url,
            trusted_proxies,
            admin_groups,
            admin_sockets,
            data,
            dns_resolver,
            key_block_list,
            perspectives,
            http_port,
            tls_port,
            ca,
            acme_profiles,
            ra_profiles,
            events: EventsConfig { webhook, expiring_days },
            new_ca,
            open,
            test: TestSwitches { nonce_refusals, validation_delay, always_valid, orders_per_page },
            allow_test_switches,
        } = self;
        let CaConfig { root_name: _, issuing_name: _, organization: _, root_key, issuing_key, root_days, issuing_days } =
            ca;
        let settings: [(&str, &dyn Disclosure); 29] = [
            ("serve.listen", listen),
            ("serve.statusListen", status_listen),
            ("serve.baseUrl", base_url),
            ("serve.statusUrl", status_url),
            ("serve.trustedProxies", trusted_proxies),
            ("serve.adminGroups", &admin_groups.len()),
            ("serve.adminSockets", admin_sockets),
            ("serve.data", data),
            ("serve.dnsResolver", dns_resolver),
            ("serve.keyBlockList", key_block_list),
            ("serve.perspectives", perspectives),
            ("serve.httpPort", http_port),
            ("serve.tlsPort", tls_port),
            ("serve.newCa", new_ca),
            ("serve.open", open),
            ("ca.rootKey", root_key),
            ("ca.issuingKey", issuing_key),
            ("ca.rootDays", root_days),
            ("ca.issuingDays", issuing_days),
            ("acmeProfile", &acme_profiles.len()),
            ("raProfile", &ra_profiles.len()),
            ("events.webhook", webhook),
            ("events.expiringDays", expiring_days),
            ("test.nonceRefusals", nonce_refusals),
            ("test.validationDelay", validation_delay),
            ("test.alwaysValid", always_valid),
            ("test.ordersPerPage", orders_per_page),
            ("test.allowTestSwitches", allow_test_switches),
            ("platform", &Platform),
        ];
        settings.into_iter().map(|(key, value)| (key.to_owned(), value.disclosed())).collect()
    }
}

/// The operating system and the processor.
struct Platform;

impl Disclosure for Platform {
    fn disclosed(&self) -> String {
        format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)
    }
}

/// Clients know it.
impl Disclosure for BaseUrl {
    fn disclosed(&self) -> String {
        self.as_str().to_owned()
    }
}

/// It is in certificates.
impl Disclosure for StatusUrl {
    fn disclosed(&self) -> String {
        self.as_str().to_owned()
    }
}

/// How many there are; their addresses show the inside of a network.
impl Disclosure for TrustedProxies {
    fn disclosed(&self) -> String {
        self.len().to_string()
    }
}

/// The URLs of many receivers contain what authenticates the sender.
impl Disclosure for WebhookUrl {
    fn disclosed(&self) -> String {
        WITHHELD.to_owned()
    }
}

impl Disclosure for WebhookConfig {
    fn disclosed(&self) -> String {
        let Self { url, secret_file, ca_file, networks } = self;
        let (url, secret, ca) = (url.disclosed(), secret_file.disclosed(), ca_file.disclosed());
        format!("url {url}, secret file {secret}, CA file {ca}, special-purpose networks: {}", networks.len())
    }
}
