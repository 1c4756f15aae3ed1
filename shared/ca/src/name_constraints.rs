//! Name constraints: which names may be in certificates below a CA (RFC 5280 §4.2.1.10), for DNS
//! names and addresses, the only types that leaves have.
//!
//! The finest DNS constraint in X.509 is a name with everything below it.

use std::{fmt, net::IpAddr};

use acme::{Identifier, labels};
use const_oid::db::rfc5280::ID_CE_NAME_CONSTRAINTS;
use der::asn1::{Ia5String, OctetString};
use ipnet::IpNet;
use x509_cert::ext::{
    Extension,
    pkix::{
        NameConstraints as Extended,
        constraints::name::{GeneralSubtree, GeneralSubtrees},
        name::GeneralName,
    },
};

use crate::extension;

/// The names that a CA may certify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameConstraints {
    permitted: Vec<Subtree>,
    excluded: Vec<Subtree>,
}

/// A set of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subtree {
    /// A DNS name and all names below it. With a leading dot, which some CAs write: only the names
    /// below it. Empty: all names.
    Dns(String),
    /// The addresses of a network.
    Ip(IpNet),
}

impl NameConstraints {
    /// Permits and excludes these subtrees; `None` if there are none. Only what is permitted can be
    /// certified: a type of which nothing is permitted is excluded as a whole, because X.509 itself
    /// would not constrain it.
    pub fn new(permitted: Vec<Subtree>, mut excluded: Vec<Subtree>) -> Option<Self> {
        if permitted.is_empty() && excluded.is_empty() {
            return None;
        }
        if !permitted.is_empty() && !permitted.iter().any(|subtree| matches!(subtree, Subtree::Dns(_))) {
            excluded.push(Subtree::Dns(String::new()));
        }
        if !permitted.is_empty() && !permitted.iter().any(|subtree| matches!(subtree, Subtree::Ip(_))) {
            excluded.extend(EVERY_NETWORK.iter().filter_map(|all| all.parse().ok()).map(Subtree::Ip));
        }
        Some(Self { permitted, excluded })
    }

    /// Whether a certificate below the CA may have the identifier. A wildcard is permitted if every
    /// name that it matches is.
    pub fn permits(&self, identifier: &Identifier) -> bool {
        let of_its_kind = |subtree: &&Subtree| subtree.is_of_the_kind_of(identifier);
        let mut permitted = self.permitted.iter().filter(of_its_kind).peekable();
        let is_permitted = permitted.peek().is_none() || permitted.any(|subtree| subtree.holds(identifier));
        is_permitted && !self.excluded.iter().any(|subtree| subtree.touches(identifier))
    }

    /// The extension, which is critical (RFC 5280 §4.2.1.10).
    pub(crate) fn to_extension(&self) -> der::Result<Extension> {
        let subtrees = |subtrees: &[Subtree]| -> der::Result<Option<GeneralSubtrees>> {
            let encoded = subtrees.iter().map(Subtree::encode).collect::<der::Result<GeneralSubtrees>>()?;
            Ok(Some(encoded).filter(|subtrees| !subtrees.is_empty()))
        };
        let value =
            Extended { permitted_subtrees: subtrees(&self.permitted)?, excluded_subtrees: subtrees(&self.excluded)? };
        extension::name_constraints(&value)
    }

    /// The name constraints of a certificate, and whether they are critical.
    ///
    /// # Errors
    /// There are constraints that this CA cannot honour.
    pub(crate) fn find(extensions: Option<&Vec<Extension>>) -> Result<Option<(bool, Self)>, NameConstraintsError> {
        let Some((critical, value)) = extension::find::<Extended>(extensions, ID_CE_NAME_CONSTRAINTS)? else {
            return Ok(None);
        };
        let read = |subtrees: Option<GeneralSubtrees>| -> Result<Vec<Subtree>, NameConstraintsError> {
            let read = subtrees.unwrap_or_default().iter().map(Subtree::decode).collect::<Result<Vec<_>, _>>()?;
            Ok(read.into_iter().flatten().collect())
        };
        let constraints = Self { permitted: read(value.permitted_subtrees)?, excluded: read(value.excluded_subtrees)? };
        Ok(Some((critical, constraints)))
    }
}

impl fmt::Display for NameConstraints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |subtrees: &[Subtree]| subtrees.iter().map(Subtree::to_string).collect::<Vec<_>>().join(", ");
        match (self.permitted.is_empty(), self.excluded.is_empty()) {
            (false, false) => write!(f, "permitted: {}; excluded: {}", list(&self.permitted), list(&self.excluded)),
            (false, true) => write!(f, "permitted: {}", list(&self.permitted)),
            (true, _) => write!(f, "excluded: {}", list(&self.excluded)),
        }
    }
}

impl Subtree {
    fn is_of_the_kind_of(&self, identifier: &Identifier) -> bool {
        matches!((self, identifier), (Self::Ip(_), Identifier::Ip(_)))
            || matches!((self, identifier), (Self::Dns(_), Identifier::Dns(_) | Identifier::Wildcard(_)))
    }

    /// Whether the subtree contains the identifier and, for a wildcard, every name that it matches.
    fn holds(&self, identifier: &Identifier) -> bool {
        match (self, identifier) {
            (Self::Ip(network), Identifier::Ip(address)) => network.contains(address),
            (Self::Dns(base), Identifier::Dns(name)) => contains(base, name.as_str()),
            // With or without a leading dot: the names that the wildcard matches are below.
            (Self::Dns(base), Identifier::Wildcard(name)) => contains(base.trim_start_matches('.'), name.as_str()),
            _ => false,
        }
    }

    /// Whether the subtree contains the identifier or, for a wildcard, any name that it matches.
    fn touches(&self, identifier: &Identifier) -> bool {
        let stands_for = matches!(
            (self, identifier),
            (Self::Dns(base), Identifier::Wildcard(name)) if labels::is_one_below(base, name.as_str())
        );
        stands_for || self.holds(identifier)
    }

    fn encode(&self) -> der::Result<GeneralSubtree> {
        let base = match self {
            Self::Dns(name) => GeneralName::DnsName(Ia5String::new(name)?),
            Self::Ip(network) => {
                let octets = match (network.addr(), network.netmask()) {
                    (IpAddr::V4(address), IpAddr::V4(mask)) => [address.octets(), mask.octets()].concat(),
                    (address, mask) => [v6(address), v6(mask)].concat(),
                };
                GeneralName::IpAddress(OctetString::new(octets)?)
            }
        };
        Ok(GeneralSubtree { base, minimum: 0, maximum: None })
    }

    /// The subtree; `None` if it is of a type of names that leaves do not have.
    fn decode(subtree: &GeneralSubtree) -> Result<Option<Self>, NameConstraintsError> {
        if subtree.minimum != 0 || subtree.maximum.is_some() {
            return Err(NameConstraintsError::Distance);
        }
        match &subtree.base {
            GeneralName::DnsName(name) => Ok(Some(Self::Dns(name.as_str().to_ascii_lowercase()))),
            GeneralName::IpAddress(octets) => network(octets.as_bytes()).map(|network| Some(Self::Ip(network))),
            // Leaves have a subject, and nothing here checks it against such a constraint.
            GeneralName::DirectoryName(_) => Err(NameConstraintsError::DirectoryName),
            _ => Ok(None),
        }
    }
}

impl fmt::Display for Subtree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) if name.is_empty() => f.write_str("all DNS names"),
            Self::Dns(name) => f.write_str(name),
            Self::Ip(network) => network.fmt(f),
        }
    }
}

/// Why the constraints of a certificate cannot be honoured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameConstraintsError {
    /// The bytes are not the DER of the extension.
    #[error("the name constraints are not well-formed")]
    Malformed(#[from] der::Error),
    /// A `minimum` or `maximum`, which RFC 5280 does not use.
    #[error("the name constraints have a minimum or a maximum")]
    Distance,
    /// A mask that is not contiguous, or an address of the wrong length.
    #[error("the name constraints have an address that is not a network")]
    Network,
    /// Constraints on the distinguished names of subjects.
    #[error("the name constraints apply to the distinguished names of subjects")]
    DirectoryName,
}

/// Whether the subtree of `base` contains a name; with a leading dot it does not contain the base.
fn contains(base: &str, name: &str) -> bool {
    match base.strip_prefix('.') {
        Some(base) => name.len() > base.len() && labels::is_within(name, base),
        None => base.is_empty() || labels::is_within(name, base),
    }
}

fn v6(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

fn network(octets: &[u8]) -> Result<IpNet, NameConstraintsError> {
    let fault = NameConstraintsError::Network;
    let (address, mask) = octets.split_at_checked(octets.len() / 2).ok_or(fault.clone())?;
    let read = |octets: &[u8]| -> Option<IpAddr> {
        match octets.len() {
            4 => <[u8; 4]>::try_from(octets).ok().map(IpAddr::from),
            16 => <[u8; 16]>::try_from(octets).ok().map(IpAddr::from),
            _ => None,
        }
    };
    let (address, mask) = read(address).zip(read(mask)).ok_or(fault.clone())?;
    IpNet::with_netmask(address, mask).map(|network| network.trunc()).map_err(|_| fault)
}

const EVERY_NETWORK: [&str; 2] = ["0.0.0.0/0", "::/0"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::identifiers;

    fn dns(name: &str) -> Subtree {
        Subtree::Dns(name.to_owned())
    }

    fn ip(network: &str) -> Subtree {
        Subtree::Ip(network.parse().unwrap())
    }

    fn permits(constraints: &NameConstraints, name: &str) -> bool {
        constraints.permits(&identifiers(&[name])[0])
    }

    #[test]
    fn only_what_is_permitted_can_be_certified() {
        let names = NameConstraints::new(vec![dns("example.com")], Vec::new()).unwrap();
        for name in ["example.com", "a.example.com", "a.b.example.com", "*.example.com", "*.a.example.com"] {
            assert!(permits(&names, name), "{name}");
        }
        for name in ["com", "badexample.com", "*.com", "example.com.test", "192.0.2.1", "2001:db8::1"] {
            assert!(!permits(&names, name), "{name}");
        }
        let addresses = NameConstraints::new(vec![ip("10.0.0.0/8")], Vec::new()).unwrap();
        assert!(permits(&addresses, "10.1.2.3"));
        for name in ["11.0.0.1", "::1", "example.com", "*.example.com"] {
            assert!(!permits(&addresses, name), "{name}");
        }
        assert_eq!(NameConstraints::new(Vec::new(), Vec::new()), None);
    }

    #[test]
    fn neither_an_excluded_name_nor_a_wildcard_that_matches_it_is_permitted() {
        let constraints = NameConstraints::new(Vec::new(), vec![dns("a.example.com"), ip("2001:db8::/32")]).unwrap();
        for name in ["a.example.com", "x.a.example.com", "*.a.example.com", "*.example.com", "2001:db8::1"] {
            assert!(!permits(&constraints, name), "{name}");
        }
        for name in ["example.com", "b.example.com", "*.b.example.com", "*.com", "192.0.2.1", "2001:db9::1"] {
            assert!(permits(&constraints, name), "{name}");
        }
    }

    #[test]
    fn a_leading_dot_means_only_the_names_below() {
        let constraints = NameConstraints { permitted: vec![dns(".example.com")], excluded: Vec::new() };
        for (name, expected) in [("example.com", false), ("a.example.com", true), ("*.example.com", true)] {
            assert_eq!(permits(&constraints, name), expected, "{name}");
        }
    }

    #[test]
    fn an_extension_reads_back_and_what_cannot_be_honoured_is_refused() {
        let permitted = vec![dns("example.com"), ip("10.0.0.0/8"), ip("2001:db8::/32")];
        let constraints = NameConstraints::new(permitted, vec![dns("a.example.com"), ip("10.1.0.0/16")]).unwrap();
        let extensions = vec![constraints.to_extension().unwrap()];
        assert_eq!(NameConstraints::find(Some(&extensions)), Ok(Some((true, constraints))));
        let of = |base, minimum| GeneralSubtree { base, minimum, maximum: None };
        let octets = |octets: &[u8]| GeneralName::IpAddress(OctetString::new(octets).unwrap());
        for (subtree, expected) in [
            (of(octets(&[10, 0, 0, 0, 255, 0, 255, 0]), 0), Err(NameConstraintsError::Network)),
            (of(octets(&[10, 0, 0, 0]), 0), Err(NameConstraintsError::Network)),
            (of(GeneralName::DnsName(Ia5String::new("a").unwrap()), 1), Err(NameConstraintsError::Distance)),
            (
                of(GeneralName::DirectoryName(x509_cert::name::Name::default()), 0),
                Err(NameConstraintsError::DirectoryName),
            ),
            (of(GeneralName::Rfc822Name(Ia5String::new("a").unwrap()), 0), Ok(None)),
        ] {
            assert_eq!(Subtree::decode(&subtree), expected);
        }
    }
}
