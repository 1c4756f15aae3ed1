//! Identifiers: what a certificate is issued for (RFC 8555 §9.7.7, RFC 8738).
//!
//! An [`Identifier`] exists only in its canonical form: DNS names as lower-case A-labels without a
//! trailing dot, addresses in the text form of RFC 5952. Two identifiers mean the same if and only
//! if they are equal.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::labels;

/// An identifier that can be ordered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "IdentifierObject", into = "IdentifierObject")]
pub enum Identifier {
    /// One host name.
    Dns(DnsName),
    /// Every host name one label below (RFC 6125 §6.4.3): written as `*.` and the name in here.
    Wildcard(DnsName),
    /// An IPv4 or IPv6 address.
    Ip(IpAddr),
}

impl Identifier {
    /// The identifier that the authorization names: without the wildcard's `*.` (RFC 8555 §7.1.4).
    pub fn base(&self) -> Identifier {
        match self {
            Self::Wildcard(name) => Self::Dns(name.clone()),
            other => other.clone(),
        }
    }

    /// Whether the identifier starts with `*.`.
    pub fn is_wildcard(&self) -> bool {
        matches!(self, Self::Wildcard(_))
    }

    /// Whether it is an IP address (RFC 8738).
    pub fn is_address(&self) -> bool {
        matches!(self, Self::Ip(_))
    }

    /// The identifier, if it is one that can be ordered: a name or an address that clients could
    /// use, and that has one meaning only.
    ///
    /// This is asked when an identifier is requested. Records may hold others, because older
    /// versions ordered them.
    ///
    /// # Errors
    /// It stands for no host.
    pub fn orderable(self) -> Result<Self, IdentifierError> {
        match &self {
            Self::Dns(name) | Self::Wildcard(name) if name.ends_in_a_number() => Err(IdentifierError::NumericTopLevel),
            Self::Wildcard(name) if name.0.len() + "*.".len() > MAX_NAME_LENGTH => Err(IdentifierError::TooLong),
            Self::Wildcard(name) if !name.0.contains('.') => Err(IdentifierError::WildcardTopLevel),
            Self::Ip(address) => address_fault(*address).map_or(Ok(self), |kind| Err(IdentifierError::NoHost(kind))),
            Self::Dns(_) | Self::Wildcard(_) => Ok(self),
        }
    }

    /// The `type` of the identifier object: `dns` or `ip`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Dns(_) | Self::Wildcard(_) => DNS,
            Self::Ip(_) => IP,
        }
    }
}

impl fmt::Display for Identifier {
    /// The `value` of the identifier object.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => name.fmt(f),
            Self::Wildcard(name) => write!(f, "*.{name}"),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

impl TryFrom<IdentifierObject> for Identifier {
    type Error = IdentifierError;

    fn try_from(object: IdentifierObject) -> Result<Self, IdentifierError> {
        match object.r#type.as_str() {
            DNS => match object.value.strip_prefix("*.") {
                Some(base) => base.parse().map(Self::Wildcard),
                None => object.value.parse().map(Self::Dns),
            },
            IP => object.value.parse().map(Self::Ip).map_err(|_| IdentifierError::Address),
            _ => Err(IdentifierError::UnsupportedType),
        }
    }
}

impl From<Identifier> for IdentifierObject {
    fn from(identifier: Identifier) -> Self {
        Self { r#type: identifier.type_name().to_owned(), value: identifier.to_string() }
    }
}

/// The identifier object as it is in JSON, before it is checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentifierObject {
    /// The type, such as `dns` or `ip`.
    pub r#type: String,
    /// The name or address.
    pub value: String,
}

/// A host name in canonical form: lower-case letters, digits and hyphens in labels of 1 to 63
/// characters, at most 253 in all, every `xn--` label a valid A-label (RFC 5891), the last label
/// not a number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DnsName(String);

impl DnsName {
    /// The name without a trailing dot.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether URL parsers take the name for an IPv4 address, such as `0x7f000001` (WHATWG URL
    /// standard, "ends in a number").
    fn ends_in_a_number(&self) -> bool {
        let last = self.0.rsplit('.').next().unwrap_or_default();
        last.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    }

    /// Whether this name is equal to `suffix` or below it.
    pub fn is_within(&self, suffix: &DnsName) -> bool {
        labels::is_within(&self.0, &suffix.0)
    }
}

impl fmt::Display for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for DnsName {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        if text.is_empty() {
            return Err(IdentifierError::Empty);
        }
        if text.len() > MAX_NAME_LENGTH {
            return Err(IdentifierError::TooLong);
        }
        if text.ends_with('.') {
            return Err(IdentifierError::TrailingDot);
        }
        let name = text.to_ascii_lowercase();
        name.split('.').try_for_each(check_label)?;
        let last = name.rsplit('.').next().unwrap_or_default();
        if last.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(IdentifierError::NumericTopLevel);
        }
        Ok(Self(name))
    }
}

crate::text_form!(DnsName);

/// Why a text is not an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// `type` is neither `dns` nor `ip`.
    #[error("identifier types are dns and ip")]
    UnsupportedType,
    /// The value is empty.
    #[error("the name is empty")]
    Empty,
    /// The name is longer than 253 characters.
    #[error("the name is longer than 253 characters")]
    TooLong,
    /// The name ends with a dot.
    #[error("the name ends with a dot")]
    TrailingDot,
    /// Two dots in a row, or a dot at the start.
    #[error("the name has an empty label")]
    EmptyLabel,
    /// A label of more than 63 characters.
    #[error("a label is longer than 63 characters")]
    LabelTooLong,
    /// A character such as an underscore, a space, or one of a U-label.
    #[error("a label has a character other than letters, digits and hyphens (write international names as A-labels)")]
    Character,
    /// `*` anywhere other than as the whole first label.
    #[error("an asterisk may only be the whole first label")]
    Asterisk,
    /// A label that starts or ends with a hyphen.
    #[error("a label starts or ends with a hyphen")]
    Hyphen,
    /// A label of the form `ab--…`, which is reserved unless it starts with `xn--` (RFC 5890
    /// §2.3.1).
    #[error("a label has hyphens as its third and fourth character but is not an A-label")]
    ReservedLabel,
    /// `xn--` followed by a text that does not decode to a valid U-label.
    #[error("a label starts with xn-- but is not a valid A-label")]
    Punycode,
    /// The name looks like an address or a part of one.
    #[error("the last label is a number; addresses have the identifier type ip")]
    NumericTopLevel,
    /// The value is not an IPv4 or IPv6 address.
    #[error("the value is not an IPv4 or IPv6 address")]
    Address,
    /// A wildcard directly below a top-level domain, which relying parties do not accept.
    #[error("a wildcard needs at least two labels behind the asterisk, because clients accept no other")]
    WildcardTopLevel,
    /// An address that is not that of one host, or that another address means too.
    #[error("{0} addresses identify no host")]
    NoHost(&'static str),
}

/// The kind of address that identifies no host, or that is a second spelling of an IPv4 address:
/// rules about that one would not see it, and some relying parties take the one for the other.
fn address_fault(address: IpAddr) -> Option<&'static str> {
    let v6 = match address {
        IpAddr::V4(v4) => {
            return if v4.is_unspecified() {
                Some("unspecified")
            } else if v4.is_multicast() {
                Some("multicast")
            } else if v4.is_link_local() {
                Some("link-local")
            } else if v4.is_broadcast() {
                Some("broadcast")
            } else {
                None
            };
        }
        IpAddr::V6(v6) => v6,
    };
    match v6.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some("unspecified"),
        [0, 0, 0, 0, 0, 0, 0, 1] => None,
        [0, 0, 0, 0, 0, 0, ..] => Some("IPv4-compatible"),
        [0, 0, 0, 0, 0, 0xffff, ..] => Some("IPv4-mapped"),
        [0, 0, 0, 0, 0xffff, 0, ..] => Some("IPv4-translated"),
        _ if v6.is_multicast() => Some("multicast"),
        _ if v6.is_unicast_link_local() => Some("link-local"),
        _ => None,
    }
}

fn check_label(label: &str) -> Result<(), IdentifierError> {
    if label.is_empty() {
        return Err(IdentifierError::EmptyLabel);
    }
    if label.len() > 63 {
        return Err(IdentifierError::LabelTooLong);
    }
    if label.contains('*') {
        return Err(IdentifierError::Asterisk);
    }
    if !label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        return Err(IdentifierError::Character);
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(IdentifierError::Hyphen);
    }
    if label.get(2..4) != Some("--") {
        return Ok(());
    }
    if !label.starts_with("xn--") {
        return Err(IdentifierError::ReservedLabel);
    }
    // The A-label is valid if and only if it decodes and encodes back to itself.
    let (unicode, decoded) = idna::domain_to_unicode(label);
    match decoded.and_then(|()| idna::domain_to_ascii_strict(&unicode)) {
        Ok(ascii) if ascii == label => Ok(()),
        _ => Err(IdentifierError::Punycode),
    }
}

/// The longest name that fits into the 255 octets of the DNS (RFC 1035 §2.3.4).
const MAX_NAME_LENGTH: usize = 253;
const DNS: &str = "dns";
const IP: &str = "ip";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn identifier(r#type: &str, value: &str) -> Result<Identifier, IdentifierError> {
        Identifier::try_from(IdentifierObject { r#type: r#type.into(), value: value.into() })
    }

    #[test]
    fn names_are_folded_to_lower_case_a_labels() {
        assert_eq!(identifier("dns", "EXAMPLE.Com").unwrap().to_string(), "example.com");
        assert_eq!(identifier("dns", "xn--bcher-kva.example").unwrap().to_string(), "xn--bcher-kva.example");
        assert_eq!(identifier("dns", "localhost").unwrap().to_string(), "localhost");
    }

    #[test]
    fn a_wildcard_keeps_its_base_apart() {
        let wildcard = identifier("dns", "*.Example.com").unwrap();
        assert!(wildcard.is_wildcard());
        assert_eq!(wildcard.to_string(), "*.example.com");
        assert_eq!(wildcard.base(), identifier("dns", "example.com").unwrap());
    }

    #[test]
    fn addresses_take_their_canonical_text() {
        assert_eq!(identifier("ip", "2001:DB8:0::1").unwrap().to_string(), "2001:db8::1");
        assert_eq!(identifier("ip", "192.0.2.1").unwrap().to_string(), "192.0.2.1");
    }

    #[test]
    fn threat_27_odd_names_are_refused_with_their_reason() {
        use IdentifierError::*;
        let long = format!("{}.example", "a".repeat(64));
        let endless = format!("{}example", "a.".repeat(125));
        for (value, reason) in [
            ("", Empty),
            (".", TrailingDot),
            ("example.com.", TrailingDot),
            (".example.com", EmptyLabel),
            ("a..example.com", EmptyLabel),
            (long.as_str(), LabelTooLong),
            (endless.as_str(), TooLong),
            ("under_score.example", Character),
            ("bücher.example", Character),
            ("a b.example", Character),
            ("a\0.example", Character),
            ("example.com/path", Character),
            ("example.com:80", Character),
            ("user@example.com", Character),
            ("*", Asterisk),
            ("*.", Empty),
            ("*.*.example", Asterisk),
            ("a.*.example", Asterisk),
            ("a*.example", Asterisk),
            ("-a.example", Hyphen),
            ("a-.example", Hyphen),
            ("ab--cd.example", ReservedLabel),
            ("xn--.example", Hyphen),
            ("xn--999999999.example", Punycode),
            ("xn--a.example", Punycode),
            ("192.0.2.1", NumericTopLevel),
            ("example.123", NumericTopLevel),
            ("::1", Character),
        ] {
            assert_eq!(identifier("dns", value), Err(reason), "{value:?}");
        }
        for value in
            ["", "1", "192.0.2.256", "0x7f.1", "017700000001", "example.com", "[::1]", "::1%eth0", "1.2.3.4/32"]
        {
            assert_eq!(identifier("ip", value), Err(Address), "{value:?}");
        }
        assert_eq!(identifier("email", "a@example.com"), Err(UnsupportedType));
    }

    #[test]
    fn threat_27_names_that_clients_could_not_use_cannot_be_ordered() {
        use IdentifierError::*;
        let ordered = |r#type, value: &str| identifier(r#type, value).and_then(Identifier::orderable);
        for (value, reason) in [
            ("0x7f000001", NumericTopLevel),
            ("0x", NumericTopLevel),
            ("a.0xff", NumericTopLevel),
            ("*.example.0x1", NumericTopLevel),
            ("*.com", WildcardTopLevel),
            ("*.localhost", WildcardTopLevel),
        ] {
            assert_eq!(ordered("dns", value), Err(reason), "{value}");
        }
        for value in ["0xample", "a.0xg", "0x1.example", "com", "localhost", "*.example.com"] {
            assert!(ordered("dns", value).is_ok(), "{value}");
        }
        let (fits, too_long) = (format!("*.{}", name_of(251)), format!("*.{}", name_of(252)));
        assert!(ordered("dns", &fits).is_ok());
        assert_eq!(ordered("dns", &too_long), Err(TooLong));
        assert!(ordered("dns", &name_of(253)).is_ok());
    }

    #[test]
    fn threat_27_an_address_that_identifies_no_host_cannot_be_ordered() {
        let ordered = |value: &str| identifier("ip", value).and_then(Identifier::orderable);
        for (value, kind) in [
            ("::ffff:10.1.2.3", "IPv4-mapped"),
            ("::10.1.2.3", "IPv4-compatible"),
            ("::ffff:0:10.1.2.3", "IPv4-translated"),
            ("0.0.0.0", "unspecified"),
            ("::", "unspecified"),
            ("224.0.0.1", "multicast"),
            ("ff02::1", "multicast"),
            ("169.254.169.254", "link-local"),
            ("fe80::1", "link-local"),
            ("255.255.255.255", "broadcast"),
        ] {
            assert_eq!(ordered(value), Err(IdentifierError::NoHost(kind)), "{value}");
        }
        for value in ["127.0.0.1", "::1", "10.1.2.3", "192.0.2.1", "2001:db8::1", "fd00::1"] {
            assert!(ordered(value).is_ok(), "{value}");
        }
    }

    #[test]
    fn records_keep_identifiers_that_older_rules_accepted() {
        for (r#type, value) in [("ip", "::ffff:10.1.2.3"), ("dns", "*.com"), ("dns", "0x7f000001")] {
            let object = serde_json::json!({"type": r#type, "value": value});
            let read: Identifier = serde_json::from_value(object).unwrap();
            assert_eq!(read.to_string(), value);
        }
    }

    /// A host name of this length.
    fn name_of(length: usize) -> String {
        let mut name = "a".repeat(length);
        for dot in (60..length - 1).step_by(60) {
            name.replace_range(dot..=dot, ".");
        }
        name
    }

    #[test]
    fn a_name_is_within_itself_and_its_parents_only() {
        let name = |text: &str| text.parse::<DnsName>().unwrap();
        assert!(name("a.example.com").is_within(&name("example.com")));
        assert!(name("example.com").is_within(&name("example.com")));
        assert!(!name("badexample.com").is_within(&name("example.com")));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_read_is_canonical(text in "\\PC{0,80}") {
            for r#type in ["dns", "ip"] {
                if let Ok(read) = identifier(r#type, &text) {
                    prop_assert_eq!(identifier(r#type, &read.to_string()), Ok(read));
                }
            }
        }
    }
}
