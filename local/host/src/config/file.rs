//! The configuration file: TOML in which nothing is ignored. Unknown, misspelled and contradictory
//! settings are refused with their line and column.

use std::{fs, path::Path};

use serde::Deserialize;
use store::{AcmeProfile, ProfileSet, RaProfile};
use toml::de::DeTable;

use super::{
    CaConfig, ConfigError,
    check::{self, Place},
    error::Flaw,
    settings::{EventsSettings, ServeSettings, TestSettings},
};

/// The contents of the file.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) serve: ServeSettings,
    pub(super) events: EventsSettings,
    pub(super) test: TestSettings,
    pub(super) ca: CaConfig,
    pub(super) acme_profile: Vec<AcmeProfile>,
    pub(super) ra_profile: Vec<RaProfile>,
}

impl File {
    /// Reads and checks a file.
    pub(super) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|flaw| flaw.at(path.to_owned(), &text))
    }

    pub(super) fn parse(text: &str) -> Result<Self, Flaw> {
        let file: Self = toml::from_str(text)
            .map_err(|error| Flaw { span: error.span(), reason: error.message().replace('\n', " ") })?;
        let profiles = ProfileSet { acme_profile: file.acme_profile.clone(), ra_profile: file.ra_profile.clone() };
        check::check(&file.ca, profiles).map_err(|fault| Flaw {
            span: span(text, &fault.place),
            reason: format!("{}: {}", fault.place, fault.reason),
        })?;
        Ok(file)
    }
}

/// The position of the field in the text, or of its table if the field is absent.
fn span(text: &str, place: &Place) -> Option<std::ops::Range<usize>> {
    let document = DeTable::parse(text).ok()?;
    let mut found = document.get_ref().get(place.table)?;
    if let Some((index, _)) = &place.profile {
        found = found.get_ref().get(*index)?;
    }
    for key in place.field.split('.') {
        match found.get_ref().get(key) {
            Some(inner) => found = inner,
            None => break,
        }
    }
    Some(found.span())
}

#[cfg(test)]
mod tests {
    use store::{IssuerState, ProfileSet};

    use super::*;

    fn refusal(text: &str) -> String {
        match File::parse(text) {
            Ok(file) => panic!("it is accepted: {file:?}"),
            Err(flaw) => flaw.at("ca.toml".into(), text).to_string(),
        }
    }

    #[test]
    fn an_empty_file_says_nothing() {
        let file = File::parse("").unwrap();
        assert!(file.acme_profile.is_empty() && file.ra_profile.is_empty());
        assert_eq!(file.ca.root_days, 7300);
    }

    #[test]
    fn profiles_have_the_fields_of_the_interface() {
        let file = File::parse(
            r#"
            [[raProfile]]
            name = "short"
            issuer = "issuing"
            certificateValidity = { default = 3600, maximum = 7200 }
            keyTypes = ["P-256", "Ed25519"]
            extendedKeyUsage = ["server"]
            policies = ["2.23.140.1.2.1"]
            subject = "empty"
            acmeProfile = "web"

            [[acmeProfile]]
            name = "web"
            raProfile = "short"
            requireContact = true
            requireTermsOfService = true
            termsOfServiceUrl = "https://ca.example/terms"
            termsOfServiceChange = "url"
            websiteUrl = "https://ca.example/"
            caaIdentities = ["ca.example"]
            dnsResolver = { address = "192.0.2.53" }
            retryInterval = 2
            validity = 3600
            challengeTypes = ["dns-01"]
            allowedNetworks = ["10.0.0.0/8"]
            "#,
        )
        .unwrap();
        assert_eq!(file.ra_profile[0].certificate_validity.maximum, 7200);
        assert_eq!(file.acme_profile[0].dns_resolver.unwrap().port, 53);
    }

    #[test]
    fn the_profiles_of_the_page_about_public_cas_can_be_applied() {
        let page = include_str!("../../../../docs/operations/as-a-public-ca.md");
        let text: String =
            page.lines().filter_map(|line| line.strip_prefix("    ")).map(|line| format!("{line}\n")).collect();
        let file = File::parse(&text).unwrap();
        assert!(file.acme_profile[0].enforces_caa() && file.acme_profile[0].demands_perspectives());
        let profiles = ProfileSet { acme_profile: file.acme_profile, ra_profile: file.ra_profile };
        let issuers = [("issuing".parse().unwrap(), IssuerState::Active)].into();
        profiles.check(&issuers, &ProfileSet::default()).unwrap();
    }

    #[test]
    fn a_broken_file_is_refused_with_place_reason_and_what_is_allowed() {
        let acme = "[[acmeProfile]]\nname = \"web\"\n";
        let ra = "[[raProfile]]\nname = \"web\"\nissuer = \"issuing\"\n";
        for (text, expected) in [
            // Not TOML, or not our keys and values
            ("[serve\n", &["ca.toml:1:7: ", "expected `]`"][..]),
            (
                "listen = 1",
                &[
                    "ca.toml:1:1: unknown field `listen`, expected one of `serve`, `events`, `test`, `ca`, `acmeProfile`, `raProfile`",
                ],
            ),
            ("[serve]\nlissten = 1", &["ca.toml:2:1: unknown field `lissten`, expected one of `listen`, "]),
            ("[serve]\nlisten = 1", &["ca.toml:2:10: expected an IP address with a port"]),
            ("[serve]\nlisten = \"localhost\"", &["ca.toml:2:10: expected an IP address with a port"]),
            ("[serve]\nlisten = \"[::1]:1\"\nlisten = \"[::1]:2\"", &["ca.toml:3:1: ", "duplicate key"]),
            ("[serve]\nhttpPort = 70000", &["ca.toml:2:12: expected a whole number from 1 to 65535"]),
            (
                "[serve]\nbaseUrl = \"ftp://a\"",
                &["ca.toml:2:11: expected a URL of the form https://host[:port][/path]"],
            ),
            ("[serve]\nstatusUrl = \"https://a\"", &["ca.toml:2:13: expected a URL of the form http://host"]),
            (
                "[serve]\ntrustedProxies = [\"::1\", \"0.0.0.0/0\"]",
                &["ca.toml:2:18: 0.0.0.0/0 is wider than any private network"],
            ),
            ("[serve]\nlog = \"yaml\"", &["ca.toml:2:7: unknown variant `yaml`, expected `text` or `json`"]),
            ("[test]\nnonceRefusals = 101", &["ca.toml:2:17: expected a whole number from 0 to 100"]),
            ("[test]\nvalidationDelay = -1", &["ca.toml:2:19: expected a number of seconds from 0 to 60"]),
            (
                "[ca]\nrootKey = \"RSA-1024\"",
                &["ca.toml:2:11: unknown variant `RSA-1024`, expected one of `P-256`, `P-384`, `RSA-2048`"],
            ),
            (
                "[[raProfile]]\nname = \"web\"\nisuer = \"issuing\"",
                &["ca.toml:3:1: unknown field `isuer`, expected one of `name`, "],
            ),
            ("[[raProfile]]\nname = \"web\"", &["ca.toml:1:1: missing field `issuer`"]),
            ("[[raProfile]]\nname = \"orders\"", &["ca.toml:2:8: that word is reserved in URLs"]),
            ("[[acmeProfile]]\nname = \"raProfile\"", &["ca.toml:2:8: that word is reserved in URLs"]),
            ("[[acmeProfile]]\nname = \"a b\"", &["ca.toml:2:8: a profile name has 1 to 64 characters"]),
            // The CA
            ("[ca]\nrootName = \"\"", &["ca.toml:2:12: ca.rootName: ", "1 to 64 characters"]),
            ("[ca]\norganization = \"\"", &["ca.toml:2:16: ca.organization: ", "1 to 64 characters"]),
            (
                "[ca]\nissuingName = \"A\"\nrootName = \"A\"",
                &["ca.toml:2:15: ca.issuingName: ", "another name than the root"],
            ),
            ("[ca]\nrootDays = 0", &["ca.toml:2:12: ca.rootDays: ", "1 to 36500"]),
            // Events
            (
                "[events]\nwebhookUrl = \"http://hooks.example/\"",
                &["ca.toml:2:14: expected a URL of the form https://", "http:// with a loopback host"],
            ),
            ("[events]\nwebhookNetworks = [\"10.0.0.0/33\"]", &["ca.toml:2:"]),
            ("[events]\nexpiringDays = 3651", &["ca.toml:2:16: expected a whole number from 0 to 3650"]),
            // Profiles that contradict themselves
            (&format!("{acme}validity = 0"), &["ca.toml:3:12: acmeProfile.web.validity: must be 1 or more"]),
            (&format!("{acme}retryInterval = 0"), &["ca.toml:3:17: acmeProfile.web.retryInterval: must be 1 or more"]),
            (
                &format!("{acme}challengeTypes = []"),
                &["ca.toml:3:18: acmeProfile.web.challengeTypes: ", "at least one"],
            ),
            (
                &format!("{acme}challengeTypes = [\"dns-01\", \"dns-01\"]"),
                &["acmeProfile.web.challengeTypes: ", "twice"],
            ),
            (
                &format!("{acme}requireTermsOfService = true"),
                &["ca.toml:3:25: acmeProfile.web.requireTermsOfService: ", "termsOfServiceUrl"],
            ),
            (&format!("{acme}websiteUrl = \"ca.example\""), &["acmeProfile.web.websiteUrl: ", "such as https://"]),
            (&format!("{acme}caaIdentities = [\"a b\"]"), &["acmeProfile.web.caaIdentities: ", "`a b`"]),
            (&format!("{ra}keyTypes = []"), &["raProfile.web.keyTypes: ", "at least one"]),
            (&format!("{ra}extendedKeyUsage = []"), &["raProfile.web.extendedKeyUsage: ", "at least one"]),
            (
                &format!("{ra}certificateValidity = {{ default = 0, maximum = 1 }}"),
                &["ca.toml:4:35: raProfile.web.certificateValidity.default: must be 1 or more"],
            ),
            (
                &format!("{ra}[raProfile.certificateValidity]\nmaximum = 1\ndefault = 2"),
                &["ca.toml:6:11: raProfile.web.certificateValidity.default: ", "not be more than the maximum, 1"],
            ),
            // Profiles that do not fit together
            (
                &format!("{acme}raProfile = \"wbe\""),
                &["ca.toml:3:13: acmeProfile.web.raProfile: there is no RA Profile `wbe`, only `default`"],
            ),
            (
                &format!("{ra}acmeProfile = \"wbe\""),
                &["ca.toml:4:15: raProfile.web.acmeProfile: there is no ACME Profile `wbe`, only `default`"],
            ),
            (
                &ra.replace("issuing", "root"),
                &["ca.toml:3:10: raProfile.web.issuer: there is no issuer `root` for certificates, only `issuing`"],
            ),
            (&format!("{acme}{acme}"), &["ca.toml:4:8: acmeProfile.web.name: ", "second"]),
            (&format!("{ra}{ra}"), &["ca.toml:5:8: raProfile.web.name: ", "second"]),
        ] {
            let refusal = refusal(text);
            for part in expected {
                assert!(refusal.contains(part), "{text}\n{refusal}");
            }
            assert!(!refusal.contains('\n'), "{refusal}");
        }
    }
}
