//! Rules of operators for the identifiers that a directory issues for: names, suffixes, networks.

use std::{fmt, net::IpAddr, str::FromStr};

use acme::{DnsName, Identifier, IdentifierObject, labels};
use ca::Subtree;
use ipnet::IpNet;

/// A rule for identifiers. As text: `www.example.com` or `192.0.2.1` (exactly that identifier),
/// `.example.com` (every name below it including wildcards, but not the name itself), `10.0.0.0/8`
/// (every address in the network).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentifierRule {
    /// Exactly one name or address.
    Exactly(Identifier),
    /// The names below a domain, without the domain itself.
    Below(DnsName),
    /// The addresses in a network.
    Within(IpNet),
}

impl IdentifierRule {
    /// Whether the rule covers the identifier.
    pub fn allows(&self, identifier: &Identifier) -> bool {
        match (self, identifier) {
            (Self::Exactly(allowed), _) => allowed == identifier,
            (Self::Below(suffix), Identifier::Dns(name)) => name != suffix && name.is_within(suffix),
            // Every name that the wildcard matches lies below it.
            (Self::Below(suffix), Identifier::Wildcard(base)) => base.is_within(suffix),
            (Self::Within(network), Identifier::Ip(address)) => network.contains(address),
            (Self::Below(_), Identifier::Ip(_)) | (Self::Within(_), _) => false,
        }
    }

    /// Whether the rule covers the identifier or a name that it matches: `*.example.com` matches
    /// `a.example.com`.
    pub fn touches(&self, identifier: &Identifier) -> bool {
        match (self, identifier) {
            (Self::Exactly(Identifier::Dns(name)), Identifier::Wildcard(base)) => {
                labels::is_one_below(name.as_str(), base.as_str())
            }
            _ => self.allows(identifier),
        }
    }
}

impl IdentifierRule {
    /// The subtree with which name constraints in an issuer's certificate express the rule (RFC
    /// 5280 §4.2.1.10). X.509 can express nothing narrower than a name with all names below it, and
    /// nothing for a wildcard alone: `None`.
    pub fn subtree(&self) -> Option<Subtree> {
        match self {
            Self::Exactly(Identifier::Dns(name)) | Self::Below(name) => Some(Subtree::Dns(name.as_str().to_owned())),
            Self::Exactly(Identifier::Ip(address)) => Some(Subtree::Ip((*address).into())),
            Self::Exactly(Identifier::Wildcard(_)) => None,
            Self::Within(network) => Some(Subtree::Ip(network.trunc())),
        }
    }
}

impl fmt::Display for IdentifierRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(identifier) => identifier.fmt(f),
            Self::Below(suffix) => write!(f, ".{suffix}"),
            Self::Within(network) => network.fmt(f),
        }
    }
}

impl FromStr for IdentifierRule {
    type Err = IdentifierRuleError;

    fn from_str(text: &str) -> Result<Self, IdentifierRuleError> {
        if text.contains('/') {
            return text.parse().map(Self::Within).map_err(|_| IdentifierRuleError);
        }
        if let Some(suffix) = text.strip_prefix('.') {
            return suffix.parse().map(Self::Below).map_err(|_| IdentifierRuleError);
        }
        let r#type = if text.parse::<IpAddr>().is_ok() { "ip" } else { "dns" };
        let object = IdentifierObject { r#type: r#type.to_owned(), value: text.to_owned() };
        Identifier::try_from(object).map(Self::Exactly).map_err(|_| IdentifierRuleError)
    }
}

acme::text_form!(IdentifierRule);

/// The text is not a rule for identifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rule for names is a name, an address, a suffix such as .example.com, or a network such as 10.0.0.0/8")]
pub struct IdentifierRuleError;

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(rule: &str, r#type: &str, value: &str) -> bool {
        let object = IdentifierObject { r#type: r#type.to_owned(), value: value.to_owned() };
        rule.parse::<IdentifierRule>().unwrap().allows(&object.try_into().unwrap())
    }

    #[test]
    fn a_name_allows_itself_alone() {
        assert!(allows("Www.Example.com", "dns", "www.example.com"));
        assert!(allows("*.example.com", "dns", "*.example.com"));
        assert!(allows("192.0.2.1", "ip", "192.0.2.1"));
        for name in ["example.com", "a.www.example.com", "*.www.example.com", "www.example.com.test"] {
            assert!(!allows("www.example.com", "dns", name), "{name}");
        }
        assert!(!allows("192.0.2.1", "ip", "192.0.2.10"));
    }

    #[test]
    fn a_suffix_allows_what_lies_below_it() {
        for name in ["a.example.com", "a.b.example.com", "*.example.com", "*.a.example.com"] {
            assert!(allows(".example.com", "dns", name), "{name}");
        }
        for name in ["example.com", "badexample.com", "a.badexample.com", "*.com", "a.example.com.test"] {
            assert!(!allows(".example.com", "dns", name), "{name}");
        }
        assert!(!allows(".example.com", "ip", "192.0.2.1"));
    }

    #[test]
    fn a_network_allows_its_addresses() {
        assert!(allows("10.0.0.0/8", "ip", "10.255.0.1"));
        assert!(allows("2001:db8::/32", "ip", "2001:db8::1"));
        assert!(!allows("10.0.0.0/8", "ip", "11.0.0.1"));
        assert!(!allows("10.0.0.0/8", "dns", "a.test"));
    }

    #[test]
    fn a_rule_touches_the_wildcard_that_stands_for_its_name() {
        let touches = |rule: &str, value: &str| {
            let object = IdentifierObject { r#type: "dns".to_owned(), value: value.to_owned() };
            rule.parse::<IdentifierRule>().unwrap().touches(&object.try_into().unwrap())
        };
        assert!(touches("a.example.com", "a.example.com") && touches("a.example.com", "*.example.com"));
        assert!(!touches("a.example.com", "*.a.example.com") && !touches("a.b.example.com", "*.example.com"));
        assert!(touches("*.example.com", "*.example.com") && !touches("*.example.com", "a.example.com"));
        assert!(touches(".example.com", "*.example.com") && !touches(".example.com", "*.com"));
    }

    #[test]
    fn a_rule_is_the_narrowest_subtree_that_x_509_has_for_it() {
        let subtree = |rule: &str| rule.parse::<IdentifierRule>().unwrap().subtree();
        let dns = |name: &str| Some(Subtree::Dns(name.to_owned()));
        let ip = |network: &str| Some(Subtree::Ip(network.parse().unwrap()));
        for (rule, expected) in [
            ("example.com", dns("example.com")),
            (".example.com", dns("example.com")),
            ("*.example.com", None),
            ("192.0.2.1", ip("192.0.2.1/32")),
            ("::1", ip("::1/128")),
            ("10.1.2.3/8", ip("10.0.0.0/8")),
        ] {
            assert_eq!(subtree(rule), expected, "{rule}");
        }
    }

    #[test]
    fn rules_are_written_as_they_are_read() {
        for text in ["a.test", "*.a.test", ".a.test", "192.0.2.1", "::1", "10.0.0.0/8"] {
            assert_eq!(text.parse::<IdentifierRule>().unwrap().to_string(), text);
        }
        for text in ["", ".", "a..test", "10.0.0.0/33", "*", "a b", "..a.test"] {
            assert_eq!(text.parse::<IdentifierRule>(), Err(IdentifierRuleError), "{text:?}");
        }
    }
}
