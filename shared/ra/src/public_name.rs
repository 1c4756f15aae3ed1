//! Names that a public CA certifies for no one.
//!
//! The public suffix list (<https://publicsuffix.org>) is compiled in, in the version of the crate
//! `psl`. Only its part about the suffixes of registries counts here: below one of a company, such
//! as `github.io`, that company may have a wildcard.

use acme::Identifier;

/// Why a directory of the preset `public` issues no certificates for an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicNameRefusal {
    /// It has no dot (Baseline Requirements 4.2.2).
    #[error("the directory follows the rules for public CAs, which certify no name of one label")]
    OneLabel,
    /// It lies below `arpa` (Baseline Requirements 4.2.2).
    #[error("the directory follows the rules for public CAs, which certify no names below .arpa")]
    Arpa,
    /// It stands for all customers of a registry (Baseline Requirements 3.2.2.6).
    #[error("the directory follows the rules for public CAs, which certify no wildcard directly below a public suffix")]
    WildcardOfRegistry,
}

/// Why a public CA does not certify the identifier; `None` when it may.
pub(crate) fn refusal(identifier: &Identifier) -> Option<PublicNameRefusal> {
    let (Identifier::Dns(name) | Identifier::Wildcard(name)) = identifier else { return None };
    let name = name.as_str();
    if name == "arpa" || name.ends_with(".arpa") {
        Some(PublicNameRefusal::Arpa)
    } else if identifier.is_wildcard() && is_given_out_by_registry(name) {
        Some(PublicNameRefusal::WildcardOfRegistry)
    } else {
        (!name.contains('.')).then_some(PublicNameRefusal::OneLabel)
    }
}

/// Whether a registry gives names out that are directly below this one, or below those. An unlisted
/// last label counts as a suffix, as the algorithm of the list says.
fn is_given_out_by_registry(name: &str) -> bool {
    let is_suffix = |name: &str| {
        psl::suffix(name.as_bytes())
            .is_some_and(|suffix| suffix.as_bytes() == name.as_bytes() && suffix.typ() != Some(psl::Type::Private))
    };
    // Where the list has `*.name`, each name directly below is a suffix of its own.
    is_suffix(name) || is_suffix(&format!("*.{name}"))
}

#[cfg(test)]
mod tests {
    use acme::IdentifierObject;

    use super::*;

    fn of(r#type: &str, value: &str) -> Option<PublicNameRefusal> {
        let object = IdentifierObject { r#type: r#type.to_owned(), value: value.to_owned() };
        refusal(&object.try_into().unwrap())
    }

    #[test]
    fn names_that_no_public_ca_certifies_are_refused_and_their_neighbours_are_not() {
        use PublicNameRefusal::{Arpa, OneLabel, WildcardOfRegistry};
        for (name, expected) in [
            ("localhost", Some(OneLabel)),
            ("com", Some(OneLabel)),
            ("example.com", None),
            ("*.example.com", None),
            ("1.2.0.192.in-addr.arpa", Some(Arpa)),
            ("*.home.arpa", Some(Arpa)),
            ("arpa", Some(Arpa)),
            ("arpa.example", None),
            ("notarpa.example", None),
            ("*.com", Some(WildcardOfRegistry)),
            ("*.co.uk", Some(WildcardOfRegistry)),
            ("*.example.co.uk", None),
            // A company gives these out; it may have a wildcard above them.
            ("*.github.io", None),
            // Exceptions and wildcards in the list.
            ("*.city.kawasaki.jp", None),
            ("*.c.kawasaki.jp", Some(WildcardOfRegistry)),
            ("*.kawasaki.jp", Some(WildcardOfRegistry)),
            // 公司.cn, as an A-label.
            ("*.xn--55qx5d.cn", Some(WildcardOfRegistry)),
            // No registry is known for it.
            ("*.internal", Some(WildcardOfRegistry)),
            ("*.a.internal", None),
        ] {
            assert_eq!(of("dns", name), expected, "{name}");
        }
        assert_eq!(of("ip", "192.0.2.1"), None);
    }
}
